//! The plan for programs. A time is a number of seconds when it is known, and otherwise an object that says the
//! bounds (`at_least`, `at_most`) and the reason.

use serde_json::{Value, json};

use crate::movie::json::Text;

use super::{Credits, Length, LengthSource, OutputSize, Plan, PlannedElement, PlannedScene};

impl Plan {
    /// `duration`, `width`, `height`, `scenes`, `elements`, `credits`, `unknown`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (width, height) = match self.size {
            OutputSize::Known { width, height } => (Some(width), Some(height)),
            OutputSize::Sd => (Some(640), None),
            OutputSize::Unknown(_) => (None, None),
        };
        let unknown = self.unknown.iter().map(|doubt| {
            json!({
                "scene": doubt.place.scene,
                "element": doubt.place.element,
                "reason": doubt.reason.as_str(),
                "message": doubt.reason.to_string(),
            })
        });
        json!({
            "duration": time(&self.duration),
            "width": width,
            "height": height,
            "scenes": self.scenes.iter().map(scene).collect::<Vec<_>>(),
            "elements": self.elements.iter().map(element).collect::<Vec<_>>(),
            "credits": credits(self),
            "unknown": unknown.collect::<Vec<_>>(),
        })
    }
}

fn time(length: &Length) -> Value {
    if let Some(time) = length.exactly() {
        return Value::Number(time.to_number());
    }
    json!({
        "at_least": length.at_least().to_number(),
        "at_most": length.at_most().map(super::Seconds::to_number),
        "reason": length.why().map(super::Reason::as_str),
    })
}

fn scene(scene: &PlannedScene) -> Value {
    json!({
        "index": scene.index,
        "source": scene.source,
        "iteration": scene.iteration.map(|iteration| json!({ "index": iteration.index, "of": iteration.of })),
        "id": scene.id.as_ref().map(Text::decoded),
        "start": time(&scene.start),
        "duration": time(&scene.length),
        "transition": scene.transition.as_ref().map(Text::decoded),
        "overlap": time(&scene.overlap),
        "elements": scene.elements.iter().map(element).collect::<Vec<_>>(),
    })
}

fn element(element: &PlannedElement) -> Value {
    let extent = match element.length_source {
        LengthSource::Own => "own",
        LengthSource::Container => "container",
        LengthSource::Still => "still",
    };
    json!({
        "index": element.index,
        "source": element.source,
        "type": element.kind.as_ref().map(Text::decoded).unwrap_or_default(),
        "id": element.id.as_ref().map(Text::decoded),
        "label": element.label(),
        "start": time(&element.start),
        "duration": time(&element.length),
        "end": time(&element.end),
        "extent": extent,
    })
}

fn credits(plan: &Plan) -> Value {
    let price = &plan.credits;
    let unbounded = plan.unbounded().into_iter().map(|open| {
        json!({
            "scene": open.doubt.place.scene,
            "element": open.doubt.place.element,
            "reason": open.doubt.reason.as_str(),
            "message": open.to_string(),
            "fix": open.fix,
        })
    });
    let exactly = if let Credits::Exactly(credits) = price.amount { Some(credits) } else { None };
    json!({
        "exactly": exactly,
        "at_least": price.amount.at_least(),
        "at_most": price.amount.at_most(),
        "reasons": price.reasons.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "unbounded": unbounded.collect::<Vec<_>>(),
    })
}
