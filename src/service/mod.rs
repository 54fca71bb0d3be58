//! The HTTP API: the only builder of HTTP clients, the only holder of the key.
