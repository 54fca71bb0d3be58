//! The notes of an expansion: assumptions and issues.

use std::fmt;

use crate::movie::expr::{FaultKind, Guess, Limit};
use crate::movie::json::Span;

/// A decision that was made although the sources leave it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Assumption {
    /// Its kind, whose text is the message.
    pub kind: AssumptionKind,
    /// The place where it was needed.
    pub span: Span,
}

/// What the sources leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssumptionKind {
    /// Something about the language between the braces.
    Language(Guess),
    /// `{{ name }}` alone in a string was replaced by the variable's value, which is not a text.
    TypedValue(&'static str),
    /// Null inside a text.
    NullAsText,
    /// An array or an object inside a text.
    ContainerAsText,
    /// `iterate` says `{{ name }}` instead of a name.
    BracesInIterate,
    /// An item's field and a variable of the scene have the same name.
    ItemBeforeVariables,
    /// The condition of an iterated scene was evaluated for each item.
    ConditionPerItem,
    /// A condition without braces was read as a text, and so as true.
    ConditionText,
    /// The value of a condition is neither a boolean nor a text.
    ConditionValue {
        /// The type of the value.
        kind: &'static str,
        /// The boolean that was assumed.
        is_true: bool,
    },
    /// The value of a condition is the text `false`.
    ConditionFalseText,
    /// A condition can't be decided offline: its scene or element was kept.
    ConditionUndecided,
    /// A variable of an element's timing, which only older documentation has.
    Timing,
}

impl fmt::Display for AssumptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Language(guess) => write!(f, "{guess}"),
            Self::TypedValue(kind) => write!(f, "`{{{{ … }}}}` alone in a string is taken to become what the variable holds: {kind}"),
            Self::NullAsText => f.write_str("null inside a text is taken as nothing"),
            Self::ContainerAsText => f.write_str("an array or an object inside a text is taken as JSON"),
            Self::BracesInIterate => f.write_str("`iterate` takes a variable's name; with braces it is taken to mean the same"),
            Self::ItemBeforeVariables => {
                f.write_str("where an item's field and a variable of the scene have one name, the item's is taken")
            }
            Self::ConditionPerItem => f.write_str("the condition of an iterated scene is taken to be asked for each item"),
            Self::ConditionText => f.write_str("a condition without `{{ }}` is taken as a text, which is true"),
            Self::ConditionValue { kind, is_true } => write!(f, "a condition that comes to {kind} is taken as {is_true}"),
            Self::ConditionFalseText => f.write_str("a condition that comes to the text `false` is taken as false"),
            Self::ConditionUndecided => f.write_str("the condition can't be decided offline: what depends on it was kept"),
            Self::Timing => {
                f.write_str("the timing of an element, such as `box_end`, is in older documentation only: it is taken as it is planned")
            }
        }
    }
}

/// Something that is wrong or had to stay as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpandIssue {
    /// Its kind, whose text is the message.
    pub kind: ExpandIssueKind,
    /// Its place.
    pub span: Span,
    /// The items of an iteration that have the issue; empty outside of iterations.
    pub items: Vec<usize>,
    /// The number of items in the iteration.
    pub of: usize,
}

/// What is wrong, or had to stay as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExpandIssueKind {
    /// No scope has such a variable (`J2V200`).
    Undefined {
        /// The variable.
        name: String,
        /// A variable with nearly that name.
        similar: Option<String>,
    },
    /// The value at a path has no such field (`J2V200`).
    FieldMissing {
        /// The path to the value that lacks it.
        of: String,
        /// The field.
        field: String,
        /// The type of the value.
        kind: &'static str,
    },
    /// Some items of the iteration have the field, this one doesn't (`J2V209`).
    ItemFieldMissing(String),
    /// A variable that only the service knows while it renders (`J2V212` when no element has that id).
    Dynamic {
        /// The variable.
        name: String,
        /// The id of the element that it names.
        element: String,
        /// Whether the movie has such an element.
        is_known: bool,
    },
    /// The text is not an expression, or has no value (`J2V205`).
    Expression(FaultKind),
    /// `{{` without `}}` (`J2V204`).
    Unclosed,
    /// `{name}`, while a variable of that name exists (`J2V204`).
    SingleBraces(String),
    /// A variable that is defined after the one that refers to it: the service replaces variables in their order (`J2V216`).
    LaterVariable(String),
    /// Variables that refer to each other.
    Cycle,
    /// A value contains a `{{`.
    BracesInValue,
    /// `iterate` does not name an array (`J2V207`).
    IterateNotArray {
        /// What it says.
        name: String,
        /// The type of that value; `None` if there is no such variable.
        found: Option<&'static str>,
        /// A variable with nearly that name.
        similar: Option<String>,
    },
    /// The array has no items, so the scene is left out (`J2V208`).
    IterateEmpty(String),
    /// `iterate` on an element (`J2V210`).
    IterateOnElement,
    /// The condition is the same for every movie (`J2V206`).
    ConditionConstant(bool),
    /// The movie names a template, whose scenes are not here: nothing was resolved.
    Template,
    /// A limit was reached: nothing was resolved.
    Limit(Limit),
}

impl fmt::Display for ExpandIssueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undefined { name, .. } => write!(f, "the variable `{name}` is defined nowhere: it stays as written"),
            Self::FieldMissing { of, field, kind } => write!(f, "`{of}` is {kind} without `{field}`"),
            Self::ItemFieldMissing(field) => write!(f, "not every item has `{field}`"),
            Self::Dynamic { name, is_known: true, .. } => write!(f, "`{name}` is known only to the service while it renders"),
            Self::Dynamic { name, element, .. } => write!(f, "`{name}` speaks of an element `{element}`, which the movie doesn't have"),
            Self::Expression(fault) => write!(f, "{fault}"),
            Self::Unclosed => f.write_str("`{{` is never closed"),
            Self::SingleBraces(name) => write!(f, "`{name}` is a variable, and stands in single braces: nothing is put in"),
            Self::LaterVariable(name) => {
                write!(f, "this refers to `{name}`, which is defined after it: variables are replaced in their order")
            }
            Self::Cycle => f.write_str("these variables refer to each other"),
            Self::BracesInValue => f.write_str("the value brings a `{{` of its own: it is not put in"),
            Self::IterateNotArray { name, found: Some(found), .. } => write!(f, "`iterate` needs an array, `{name}` is {found}"),
            Self::IterateNotArray { name, .. } => write!(f, "`iterate` needs an array, `{name}` is defined nowhere"),
            Self::IterateEmpty(name) => write!(f, "`{name}` has no items: the scene is left out"),
            Self::IterateOnElement => f.write_str("`iterate` is for scenes only"),
            Self::ConditionConstant(truth) => write!(f, "the condition is always {truth}"),
            Self::Template => f.write_str("the scenes are in the template, not here: nothing can be resolved offline"),
            Self::Limit(limit) => write!(f, "{limit}: nothing was resolved"),
        }
    }
}

/// The message, and the items that it is about.
impl fmt::Display for ExpandIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, of) = (&self.kind, self.of);
        match (kind, self.items.as_slice()) {
            (ExpandIssueKind::ItemFieldMissing(field), [item]) => write!(f, "item {} of {of} has no `{field}`", item + 1),
            (ExpandIssueKind::ItemFieldMissing(field), items @ [_, ..]) => write!(f, "items {} of {of} have no `{field}`", listed(items)),
            (_, []) => write!(f, "{kind}"),
            (_, items) if items.len() == of => write!(f, "{kind} (in every item)"),
            (_, items) => write!(f, "{kind} (item {} of {of})", listed(items)),
        }
    }
}

/// The first of some items, counted from 1.
fn listed(items: &[usize]) -> String {
    const FEW: usize = 5;
    let first: Vec<_> = items.iter().take(FEW).map(|item| (item + 1).to_string()).collect();
    first.join(", ") + if items.len() > FEW { " …" } else { "" }
}

impl ExpandIssue {
    /// The fix.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match &self.kind {
            ExpandIssueKind::Undefined { similar: Some(similar), .. } | ExpandIssueKind::IterateNotArray { similar: Some(similar), .. } => {
                Some(format!("did you mean `{similar}`?"))
            }
            ExpandIssueKind::Undefined { name, .. } => Some(format!("set it in `variables`, or with --var {name}=…")),
            ExpandIssueKind::ItemFieldMissing(_) => Some("give every item the field, or ask for it in a `condition`".to_owned()),
            ExpandIssueKind::Expression(FaultKind::Limit(_)) => Some("say it with fewer levels".to_owned()),
            ExpandIssueKind::Limit(_) => Some("split the movie, or take iterations out of it".to_owned()),
            ExpandIssueKind::Expression(fault) => Some(
                fault
                    .likely()
                    .unwrap_or("names, numbers, quoted texts, `+ - * /`, comparisons, `and`, `or` and `a ? b : c` are known")
                    .to_owned(),
            ),
            ExpandIssueKind::IterateNotArray { found: Some(_), .. } => Some("write the items as an array, `[{ … }, { … }]`".to_owned()),
            ExpandIssueKind::ConditionConstant(_) => Some("ask for a variable: `\"{{ name != '' }}\"`".to_owned()),
            ExpandIssueKind::Dynamic { element, is_known: false, .. } => {
                Some(format!("give the element that is meant the `\"id\": \"{element}\"`"))
            }
            ExpandIssueKind::FieldMissing { field, .. } => Some(format!("add `{field}` to the variable, or ask for a field that it has")),
            ExpandIssueKind::IterateNotArray { name, .. } => Some(format!("set it in `variables` to an array, or with --var {name}:=[…]")),
            ExpandIssueKind::IterateEmpty(_) => Some("add items, or leave the scene out".to_owned()),
            ExpandIssueKind::LaterVariable(name) => Some(format!("define `{name}` first")),
            ExpandIssueKind::Cycle => Some("give one of them a value of its own".to_owned()),
            ExpandIssueKind::BracesInValue => Some("take the `{{` out of the value".to_owned()),
            _ => None,
        }
    }
}
