//! Evaluates a tree to a value. The scope decides what a name means and what the evaluation may cost.

use std::borrow::Cow;

use super::function::Function;
use super::operator::Operator;
use super::{ByteRange, Expr, ExprKind, ExprValue, Fault, FaultKind, Guess, Path, Step, StepKind};
use crate::movie::json::{self, Node, Number};

/// The context in which an expression is evaluated.
pub trait Scope<'a> {
    /// The value of a variable, as it is written.
    ///
    /// # Errors
    /// When there is no variable of that name.
    fn lookup(&mut self, name: &str) -> Result<&'a Node, FaultKind>;

    /// The value of a name that is known although it is not a variable. The range is that of the name.
    fn computed(&mut self, _name: &str, _extent: ByteRange) -> Option<ExprValue<'a>> {
        None
    }

    /// The value of a node that a path led to. A scope whose variables refer to variables resolves them here.
    ///
    /// # Errors
    /// When the node has no value.
    fn read(&mut self, node: &'a Node) -> Result<ExprValue<'a>, FaultKind>;

    /// Charges steps, and bytes of text that will be made, to the limits.
    ///
    /// # Errors
    /// When that exceeds what is left.
    fn spend(&mut self, steps: u64, bytes: u64) -> Result<(), FaultKind>;

    /// Records a guess.
    fn guess(&mut self, range: ByteRange, guess: Guess);

    /// A field is missing in what a path led to: the last word on what is wrong.
    fn missing(&mut self, of: &Path<'_>, steps: usize, field: String, kind: &'static str) -> FaultKind {
        FaultKind::Missing { of: written(of, steps), field, kind }
    }
}

/// The value of an expression.
///
/// # Errors
/// When it has none: the fault, and its place.
pub fn evaluate<'a>(expr: &Expr<'_>, scope: &mut impl Scope<'a>) -> Result<ExprValue<'a>, Fault> {
    scope.spend(1, 0).map_err(|kind| kind.at(expr.range))?;
    match &expr.kind {
        ExprKind::Null => Ok(ExprValue::Null),
        ExprKind::Bool(truth) => Ok(ExprValue::Bool(*truth)),
        ExprKind::Number(number) => Ok(ExprValue::Number(number.clone())),
        ExprKind::Text(text) => Ok(ExprValue::Text(Cow::Owned(text.clone().into_owned()))),
        ExprKind::Path(path) => follow(path, scope),
        ExprKind::Not(inner) => Ok(ExprValue::Bool(!truth(inner, scope)?)),
        ExprKind::Negated(inner) => negated(inner, scope),
        ExprKind::Chain(first, rest) => chain(first, rest, scope),
        ExprKind::Choice(choice) => evaluate(if truth(&choice.condition, scope)? { &choice.yes } else { &choice.no }, scope),
        ExprKind::Call(name, arguments) => call(expr.range, name, arguments, scope),
    }
}

fn follow<'a>(path: &Path<'_>, scope: &mut impl Scope<'a>) -> Result<ExprValue<'a>, Fault> {
    let mut node = match scope.lookup(path.name) {
        Ok(node) => node,
        Err(kind) => {
            let computed = if path.steps.is_empty() { scope.computed(path.name, path.range) } else { None };
            return computed.ok_or_else(|| kind.at(path.range));
        }
    };
    for (place, step) in path.steps.iter().enumerate() {
        let key = key(step, scope)?;
        // A variable on the path may itself be written as a reference.
        let held = if node.as_text().is_some() { scope.read(node).map_err(|kind| kind.at(step.range))? } else { ExprValue::of(node) };
        let kind = held.kind();
        let next = if let ExprValue::Container(container) = held { child(container, &key, scope, step.range)? } else { None };
        node = next.ok_or_else(|| scope.missing(path, place, key.into_owned(), kind).at(step.range))?;
    }
    scope.read(node).map_err(|kind| kind.at(path.steps.last().map_or(path.range, |last| path.range.to(last.range))))
}

fn key<'a, 't>(step: &Step<'t>, scope: &mut impl Scope<'a>) -> Result<Cow<'t, str>, Fault> {
    match &step.kind {
        StepKind::Field(name) => Ok(Cow::Borrowed(name)),
        StepKind::Index(index) => match evaluate(index, scope)? {
            value @ (ExprValue::Number(_) | ExprValue::Text(_)) => Ok(Cow::Owned(value.to_text().into_owned())),
            other => Err(FaultKind::Operand { operator: "[ ]", kind: other.kind() }.at(index.range)),
        },
    }
}

fn child<'a>(container: &'a Node, key: &str, scope: &mut impl Scope<'a>, range: ByteRange) -> Result<Option<&'a Node>, Fault> {
    if let json::Value::Array(items) = &container.value {
        return Ok(key.parse::<usize>().ok().and_then(|index| items.get(index)));
    }
    // The search for a field visits all fields, so it costs more in a large object.
    let members = container.as_object().unwrap_or_default().len();
    scope.spend(u64::try_from(members / 16).unwrap_or(u64::MAX), 0).map_err(|kind| kind.at(range))?;
    Ok(container.get(key))
}

/// A path as it is written, up to a step.
fn written(path: &Path<'_>, steps: usize) -> String {
    path.steps.iter().take(steps).fold(path.name.to_owned(), |text, step| match &step.kind {
        StepKind::Field(name) => text + "." + name,
        StepKind::Index(_) => text + "[…]",
    })
}

fn truth<'a>(expr: &Expr<'_>, scope: &mut impl Scope<'a>) -> Result<bool, Fault> {
    let value = evaluate(expr, scope)?;
    if !matches!(value, ExprValue::Bool(_)) {
        scope.guess(expr.range, Guess::Truth);
    }
    Ok(value.is_true())
}

fn negated<'a>(inner: &Expr<'_>, scope: &mut impl Scope<'a>) -> Result<ExprValue<'a>, Fault> {
    let value = evaluate(inner, scope)?;
    if let ExprValue::Number(number) = &value {
        let turned = number.raw().strip_prefix('-').map_or_else(|| format!("-{number}"), str::to_owned);
        return Ok(Number::parse(&turned).map_or(value, ExprValue::Number));
    }
    let number = number(&value, "-", inner.range, scope)?;
    calculated(-number, inner.range)
}

fn chain<'a>(first: &Expr<'_>, rest: &[(Operator, Expr<'_>)], scope: &mut impl Scope<'a>) -> Result<ExprValue<'a>, Fault> {
    if let Some((Operator::And | Operator::Or, _)) = rest.first() {
        return logic(first, rest, scope);
    }
    let mut left = evaluate(first, scope)?;
    for (operator, operand) in rest {
        let range = first.range.to(operand.range);
        let right = evaluate(operand, scope)?;
        left = match operator {
            Operator::Plus => sum(left, &right, range, scope)?,
            Operator::Minus | Operator::Times | Operator::Divided | Operator::Remainder => {
                arithmetic(*operator, [&left, &right], range, scope)?
            }
            Operator::Equal => ExprValue::Bool(is_equal(&left, &right, range, scope)),
            Operator::NotEqual => ExprValue::Bool(!is_equal(&left, &right, range, scope)),
            _ => ExprValue::Bool(is_ordered(*operator, [&left, &right], range, scope)?),
        };
    }
    Ok(left)
}

/// `and` and `or`: an operand that can't change the result is not evaluated.
fn logic<'a>(first: &Expr<'_>, rest: &[(Operator, Expr<'_>)], scope: &mut impl Scope<'a>) -> Result<ExprValue<'a>, Fault> {
    let mut so_far = truth(first, scope)?;
    for (operator, operand) in rest {
        if so_far == (*operator == Operator::Or) {
            break;
        }
        so_far = truth(operand, scope)?;
    }
    Ok(ExprValue::Bool(so_far))
}

fn sum<'a>(left: ExprValue<'a>, right: &ExprValue<'a>, range: ByteRange, scope: &mut impl Scope<'a>) -> Result<ExprValue<'a>, Fault> {
    if !matches!(left, ExprValue::Text(_)) && !matches!(right, ExprValue::Text(_)) {
        return arithmetic(Operator::Plus, [&left, right], range, scope);
    }
    if let Some(kind) =
        [&left, right].into_iter().find_map(|value| if let ExprValue::Container(node) = value { Some(node.kind()) } else { None })
    {
        return Err(FaultKind::Operand { operator: "+", kind }.at(range));
    }
    if !matches!((&left, right), (ExprValue::Text(_), ExprValue::Text(_))) {
        scope.guess(range, Guess::JoinedWithText);
    }
    let added = u64::try_from(right.to_text().len()).unwrap_or(u64::MAX);
    scope.spend(0, added).map_err(|kind| kind.at(range))?;
    let mut joined = if let ExprValue::Text(text) = left { text.into_owned() } else { left.to_text().into_owned() };
    joined.push_str(&right.to_text());
    Ok(ExprValue::Text(Cow::Owned(joined)))
}

fn arithmetic<'a>(
    operator: Operator,
    [left, right]: [&ExprValue<'a>; 2],
    range: ByteRange,
    scope: &mut impl Scope<'a>,
) -> Result<ExprValue<'a>, Fault> {
    let left = number(left, operator.sign(), range, scope)?;
    let right = number(right, operator.sign(), range, scope)?;
    let result = match operator {
        Operator::Minus => left - right,
        Operator::Times => left * right,
        Operator::Divided | Operator::Remainder if right == 0.0 => return Err(FaultKind::DivisionByZero.at(range)),
        Operator::Divided => left / right,
        Operator::Remainder => left % right,
        _ => left + right,
    };
    calculated(result, range)
}

fn calculated<'a>(number: f64, range: ByteRange) -> Result<ExprValue<'a>, Fault> {
    ExprValue::calculated(number).ok_or_else(|| FaultKind::TooLarge.at(range))
}

fn number<'a>(value: &ExprValue<'a>, operator: &'static str, range: ByteRange, scope: &mut impl Scope<'a>) -> Result<f64, Fault> {
    if matches!(value, ExprValue::Text(_)) {
        scope.guess(range, Guess::TextAsNumber);
    }
    value.as_number().ok_or_else(|| FaultKind::Operand { operator, kind: value.kind() }.at(range))
}

fn is_equal<'a>(left: &ExprValue<'a>, right: &ExprValue<'a>, range: ByteRange, scope: &mut impl Scope<'a>) -> bool {
    match (left, right) {
        (ExprValue::Null, ExprValue::Null) => true,
        (ExprValue::Bool(left), ExprValue::Bool(right)) => left == right,
        (ExprValue::Text(left), ExprValue::Text(right)) => left == right,
        (ExprValue::Number(left), ExprValue::Number(right)) => left == right || left.as_f64().total_cmp(&right.as_f64()).is_eq(),
        (ExprValue::Container(left), ExprValue::Container(right)) => left == right,
        _ => {
            scope.guess(range, Guess::ComparedAcrossKinds);
            match (left.as_number(), right.as_number()) {
                (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
                _ => !matches!(left, ExprValue::Null) && !matches!(right, ExprValue::Null) && left.to_text() == right.to_text(),
            }
        }
    }
}

fn is_ordered<'a>(
    operator: Operator,
    [left, right]: [&ExprValue<'a>; 2],
    range: ByteRange,
    scope: &mut impl Scope<'a>,
) -> Result<bool, Fault> {
    let order = match (left, right) {
        (ExprValue::Text(one), ExprValue::Text(other)) if left.as_number().is_none() || right.as_number().is_none() => {
            scope.guess(range, Guess::OrderedTexts);
            one.cmp(other)
        }
        _ => number(left, operator.sign(), range, scope)?.total_cmp(&number(right, operator.sign(), range, scope)?),
    };
    Ok(match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn call<'a>(range: ByteRange, name: &str, arguments: &[Expr<'_>], scope: &mut impl Scope<'a>) -> Result<ExprValue<'a>, Fault> {
    let function = Function::find(name).map_err(|kind| kind.at(ByteRange { end: range.start + name.len(), ..range }))?;
    if let Some(guess) = function.guess() {
        scope.guess(range, guess);
    }
    let mut numbers = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let value = evaluate(argument, scope)?;
        numbers.push(number(&value, function.name, argument.range, scope)?);
    }
    let result = function.call(&numbers).map_err(|kind| kind.at(range))?;
    calculated(result, range)
}
