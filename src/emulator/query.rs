//! The query of a request.

use std::collections::HashMap;

/// Its parameters by their names.
pub(super) type Fields = HashMap<String, String>;
