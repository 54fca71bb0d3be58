//! Evaluates a tree to a value. The scope decides what a name means and what the evaluation may cost.

use std::borrow::Cow;

use super::function::Function;
use super::operator::Operator;
use super::{Expr, ExprKind, Extent, Fault, FaultKind, Guess, Path, Step, StepKind, Value};
use crate::movie::json::{self, Node, Number};

/// The context in which an expression is evaluated.
pub trait Scope<'a> {
    /// The value of a variable, as it is written.
    ///
    /// # Errors
    /// When there is no variable of that name.
    fn lookup(&mut self, name: &str) -> Result<&'a Node, FaultKind>;

    /// The value of a name that is known although it is not a variable. The extent is that of the name.
    fn computed(&mut self, _name: &str, _extent: Extent) -> Option<Value<'a>> {
        None
    }

    /// The value of a node that a path led to. A scope whose variables refer to variables resolves them here.
    ///
    /// # Errors
    /// When the node has no value.
    fn read(&mut self, node: &'a Node) -> Result<Value<'a>, FaultKind>;

    /// Charges steps, and bytes of text that will be made, to the limits.
    ///
    /// # Errors
    /// When that exceeds what is left.
    fn spend(&mut self, steps: u64, bytes: u64) -> Result<(), FaultKind>;

    /// Records a guess.
    fn guess(&mut self, extent: Extent, guess: Guess);

    /// A field is missing in what a path led to: the last word on what is wrong.
    fn missing(&mut self, of: &Path<'_>, steps: usize, field: String, kind: &'static str) -> FaultKind {
        FaultKind::Missing { of: written(of, steps), field, kind }
    }
}

/// The value of an expression.
///
/// # Errors
/// When it has none: the fault, and its place.
pub fn evaluate<'a>(expr: &Expr<'_>, scope: &mut impl Scope<'a>) -> Result<Value<'a>, Fault> {
    scope.spend(1, 0).map_err(|kind| kind.at(expr.extent))?;
    match &expr.kind {
        ExprKind::Null => Ok(Value::Null),
        ExprKind::Bool(truth) => Ok(Value::Bool(*truth)),
        ExprKind::Number(number) => Ok(Value::Number(number.clone())),
        ExprKind::Text(text) => Ok(Value::Text(Cow::Owned(text.clone().into_owned()))),
        ExprKind::Path(path) => follow(path, scope),
        ExprKind::Not(inner) => Ok(Value::Bool(!truth(inner, scope)?)),
        ExprKind::Negated(inner) => negated(inner, scope),
        ExprKind::Chain(first, rest) => chain(first, rest, scope),
        ExprKind::Choice(choice) => evaluate(if truth(&choice.condition, scope)? { &choice.yes } else { &choice.no }, scope),
        ExprKind::Call(name, arguments) => call(expr.extent, name, arguments, scope),
    }
}

fn follow<'a>(path: &Path<'_>, scope: &mut impl Scope<'a>) -> Result<Value<'a>, Fault> {
    let mut node = match scope.lookup(path.name) {
        Ok(node) => node,
        Err(kind) => {
            let computed = if path.steps.is_empty() { scope.computed(path.name, path.extent) } else { None };
            return computed.ok_or_else(|| kind.at(path.extent));
        }
    };
    for (place, step) in path.steps.iter().enumerate() {
        let key = key(step, scope)?;
        // A variable on the path may itself be written as a reference.
        let held = if node.as_text().is_some() { scope.read(node).map_err(|kind| kind.at(step.extent))? } else { Value::of(node) };
        let kind = held.kind();
        let next = if let Value::Container(container) = held { child(container, &key, scope, step.extent)? } else { None };
        node = next.ok_or_else(|| scope.missing(path, place, key.into_owned(), kind).at(step.extent))?;
    }
    scope.read(node).map_err(|kind| kind.at(path.steps.last().map_or(path.extent, |last| path.extent.to(last.extent))))
}

fn key<'a, 't>(step: &Step<'t>, scope: &mut impl Scope<'a>) -> Result<Cow<'t, str>, Fault> {
    match &step.kind {
        StepKind::Field(name) => Ok(Cow::Borrowed(name)),
        StepKind::Index(index) => match evaluate(index, scope)? {
            value @ (Value::Number(_) | Value::Text(_)) => Ok(Cow::Owned(value.to_text().into_owned())),
            other => Err(FaultKind::Operand { operator: "[ ]", kind: other.kind() }.at(index.extent)),
        },
    }
}

fn child<'a>(container: &'a Node, key: &str, scope: &mut impl Scope<'a>, extent: Extent) -> Result<Option<&'a Node>, Fault> {
    if let json::Value::Array(items) = &container.value {
        return Ok(key.parse::<usize>().ok().and_then(|index| items.get(index)));
    }
    // The search for a field visits all fields, so it costs more in a large object.
    let members = container.as_object().unwrap_or_default().len();
    scope.spend(u64::try_from(members / 16).unwrap_or(u64::MAX), 0).map_err(|kind| kind.at(extent))?;
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
    if !matches!(value, Value::Bool(_)) {
        scope.guess(expr.extent, Guess::Truth);
    }
    Ok(value.is_true())
}

fn negated<'a>(inner: &Expr<'_>, scope: &mut impl Scope<'a>) -> Result<Value<'a>, Fault> {
    let value = evaluate(inner, scope)?;
    if let Value::Number(number) = &value {
        let turned = number.raw().strip_prefix('-').map_or_else(|| format!("-{number}"), str::to_owned);
        return Ok(Number::parse(&turned).map_or(value, Value::Number));
    }
    let number = number(&value, "-", inner.extent, scope)?;
    calculated(-number, inner.extent)
}

fn chain<'a>(first: &Expr<'_>, rest: &[(Operator, Expr<'_>)], scope: &mut impl Scope<'a>) -> Result<Value<'a>, Fault> {
    if let Some((Operator::And | Operator::Or, _)) = rest.first() {
        return logic(first, rest, scope);
    }
    let mut left = evaluate(first, scope)?;
    for (operator, operand) in rest {
        let extent = first.extent.to(operand.extent);
        let right = evaluate(operand, scope)?;
        left = match operator {
            Operator::Plus => sum(left, &right, extent, scope)?,
            Operator::Minus | Operator::Times | Operator::Divided | Operator::Remainder => {
                arithmetic(*operator, [&left, &right], extent, scope)?
            }
            Operator::Equal => Value::Bool(is_equal(&left, &right, extent, scope)),
            Operator::NotEqual => Value::Bool(!is_equal(&left, &right, extent, scope)),
            _ => Value::Bool(is_ordered(*operator, [&left, &right], extent, scope)?),
        };
    }
    Ok(left)
}

/// `and` and `or`: an operand that can't change the result is not evaluated.
fn logic<'a>(first: &Expr<'_>, rest: &[(Operator, Expr<'_>)], scope: &mut impl Scope<'a>) -> Result<Value<'a>, Fault> {
    let mut so_far = truth(first, scope)?;
    for (operator, operand) in rest {
        if so_far == (*operator == Operator::Or) {
            break;
        }
        so_far = truth(operand, scope)?;
    }
    Ok(Value::Bool(so_far))
}

fn sum<'a>(left: Value<'a>, right: &Value<'a>, extent: Extent, scope: &mut impl Scope<'a>) -> Result<Value<'a>, Fault> {
    if !matches!(left, Value::Text(_)) && !matches!(right, Value::Text(_)) {
        return arithmetic(Operator::Plus, [&left, right], extent, scope);
    }
    if let Some(kind) =
        [&left, right].into_iter().find_map(|value| if let Value::Container(node) = value { Some(node.kind()) } else { None })
    {
        return Err(FaultKind::Operand { operator: "+", kind }.at(extent));
    }
    if !matches!((&left, right), (Value::Text(_), Value::Text(_))) {
        scope.guess(extent, Guess::JoinedWithText);
    }
    let added = u64::try_from(right.to_text().len()).unwrap_or(u64::MAX);
    scope.spend(0, added).map_err(|kind| kind.at(extent))?;
    let mut joined = if let Value::Text(text) = left { text.into_owned() } else { left.to_text().into_owned() };
    joined.push_str(&right.to_text());
    Ok(Value::Text(Cow::Owned(joined)))
}

fn arithmetic<'a>(
    operator: Operator,
    [left, right]: [&Value<'a>; 2],
    extent: Extent,
    scope: &mut impl Scope<'a>,
) -> Result<Value<'a>, Fault> {
    let left = number(left, operator.sign(), extent, scope)?;
    let right = number(right, operator.sign(), extent, scope)?;
    let result = match operator {
        Operator::Minus => left - right,
        Operator::Times => left * right,
        Operator::Divided | Operator::Remainder if right == 0.0 => return Err(FaultKind::DivisionByZero.at(extent)),
        Operator::Divided => left / right,
        Operator::Remainder => left % right,
        _ => left + right,
    };
    calculated(result, extent)
}

fn calculated<'a>(number: f64, extent: Extent) -> Result<Value<'a>, Fault> {
    Value::calculated(number).ok_or_else(|| FaultKind::TooLarge.at(extent))
}

fn number<'a>(value: &Value<'a>, operator: &'static str, extent: Extent, scope: &mut impl Scope<'a>) -> Result<f64, Fault> {
    if matches!(value, Value::Text(_)) {
        scope.guess(extent, Guess::TextAsNumber);
    }
    value.as_number().ok_or_else(|| FaultKind::Operand { operator, kind: value.kind() }.at(extent))
}

fn is_equal<'a>(left: &Value<'a>, right: &Value<'a>, extent: Extent, scope: &mut impl Scope<'a>) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64().total_cmp(&right.as_f64()).is_eq(),
        (Value::Container(left), Value::Container(right)) => left == right,
        _ => {
            scope.guess(extent, Guess::ComparedAcrossKinds);
            match (left.as_number(), right.as_number()) {
                (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
                _ => !matches!(left, Value::Null) && !matches!(right, Value::Null) && left.to_text() == right.to_text(),
            }
        }
    }
}

fn is_ordered<'a>(operator: Operator, [left, right]: [&Value<'a>; 2], extent: Extent, scope: &mut impl Scope<'a>) -> Result<bool, Fault> {
    let order = match (left, right) {
        (Value::Text(one), Value::Text(other)) if left.as_number().is_none() || right.as_number().is_none() => {
            scope.guess(extent, Guess::OrderedTexts);
            one.cmp(other)
        }
        _ => number(left, operator.sign(), extent, scope)?.total_cmp(&number(right, operator.sign(), extent, scope)?),
    };
    Ok(match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn call<'a>(extent: Extent, name: &str, arguments: &[Expr<'_>], scope: &mut impl Scope<'a>) -> Result<Value<'a>, Fault> {
    let function = Function::find(name).map_err(|kind| kind.at(Extent { end: extent.start + name.len(), ..extent }))?;
    if let Some(guess) = function.guess() {
        scope.guess(extent, guess);
    }
    let mut numbers = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let value = evaluate(argument, scope)?;
        numbers.push(number(&value, function.name, argument.extent, scope)?);
    }
    let result = function.call(&numbers).map_err(|kind| kind.at(extent))?;
    calculated(result, extent)
}
