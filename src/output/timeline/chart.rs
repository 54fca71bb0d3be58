//! The chart: one line for each scene and each element, with its times and its bar on the time of the movie.
//!
//! An item without a known length is drawn as short as it can be, so that all bars show the movie at its shortest. The
//! columns show how much later things may start.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::bar::{BEYOND, Bar, MAYBE, OPEN, OVERLAP, Rank, Scale, paint};
use super::short;
use crate::movie::json::Text;
use crate::movie::plan::{Length, Plan, PlannedElement, PlannedScene, Seconds};
use crate::output::sanitize;
use crate::settings::Canvas;

/// Names get a third of the width, but no less than this.
const NARROWEST_NAMES: usize = 16;

/// Bars are no narrower than this, however narrow the terminal is.
const NARROWEST_BARS: usize = 10;

const HEAD: [&str; 3] = ["start", "end", "length"];

struct Row {
    name: String,
    times: [String; 3],
    bar: Bar,
}

/// The lines of the chart; none for a movie in which nothing plays.
pub(super) fn lines(plan: &Plan, canvas: Canvas) -> Vec<String> {
    let rows = rows(plan);
    if rows.is_empty() {
        return Vec::new();
    }
    let horizon = horizon(plan, &rows);
    let most = (canvas.width / 3).max(NARROWEST_NAMES);
    let names = rows.iter().map(|row| row.name.width()).max().unwrap_or(0).min(most);
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| rows.iter().map(|row| row.times[column].chars().count()).max().unwrap_or(0).max(HEAD[column].len()))
        .collect();
    let before = names + widths.iter().map(|width| width + 2).sum::<usize>() + 2;
    let scale = Scale { columns: canvas.width.saturating_sub(before).max(NARROWEST_BARS), horizon };
    let line = |name: &str, times: [&str; 3], bar: &str| {
        let times: Vec<String> = times.iter().zip(&widths).map(|(time, width)| format!("{time:>width$}")).collect();
        format!("{}  {}  {bar}", fitted(name, names), times.join("  "))
    };
    let cells: Vec<Vec<char>> = rows.iter().map(|row| row.bar.cells(scale)).collect();
    let head = line("", HEAD, &axis(scale));
    let bars = rows.iter().zip(&cells).map(|(row, cells)| line(&row.name, row.times.each_ref().map(String::as_str), &paint(cells, canvas)));
    std::iter::once(head).chain(bars).chain(legend(&cells)).collect()
}

fn rows(plan: &Plan) -> Vec<Row> {
    let scenes = plan.scenes.iter().flat_map(|scene| {
        let elements = scene.elements.iter().map(|element| of_element(element, scene));
        std::iter::once(of_scene(scene)).chain(elements)
    });
    let end = plan.duration.at_most().filter(|_| !plan.scenes.is_empty()).map(Seconds::as_f64);
    let movie = (!plan.elements.is_empty()).then(|| of_movie(plan));
    scenes.chain(movie).chain(plan.elements.iter().map(|element| of_movie_element(element, end))).collect()
}

fn of_scene(scene: &PlannedScene) -> Row {
    let start = scene.start.at_least().as_f64();
    let overlap = start + scene.overlap.at_most().unwrap_or(scene.length.at_least()).as_f64();
    Row {
        name: scene_name(scene),
        times: [&scene.start, &scene.start.plus(&scene.length), &scene.length].map(short),
        bar: Bar { overlap, ..bar(Rank::Scene, start, &scene.length) },
    }
}

fn of_element(element: &PlannedElement, scene: &PlannedScene) -> Row {
    let start = scene.start.at_least().as_f64();
    let end = element.end.shorter(&scene.length);
    let cut = scene.length.at_most().map(|length| start + length.as_f64());
    Row {
        name: element_name(element),
        times: [&scene.start.plus(&element.start), &scene.start.plus(&end), &element.length].map(short),
        bar: Bar { cut, ..bar(Rank::Element, start + element.start.at_least().as_f64(), &element.length) },
    }
}

fn of_movie(plan: &Plan) -> Row {
    let times = [&Length::ZERO, &plan.duration, &plan.duration].map(short);
    Row { name: "movie".to_owned(), times, bar: bar(Rank::Scene, 0.0, &plan.duration) }
}

fn of_movie_element(element: &PlannedElement, cut: Option<f64>) -> Row {
    Row {
        name: element_name(element),
        times: [&element.start, &element.end, &element.length].map(short),
        bar: Bar { cut, ..bar(Rank::Element, element.start.at_least().as_f64(), &element.length) },
    }
}

fn bar(rank: Rank, start: f64, length: &Length) -> Bar {
    let sure = start + length.at_least().as_f64();
    Bar { rank, start, overlap: start, sure, most: length.at_most().map(|most| start + most.as_f64()), cut: None }
}

fn element_name(element: &PlannedElement) -> String {
    format!("  {}", sanitize::line(&element.label()))
}

/// `scene 2 (1/3), 0.5 s fade`: counted from 1, as the service does in its messages.
fn scene_name(scene: &PlannedScene) -> String {
    let iteration = scene.iteration.map(|iteration| format!(" ({}/{})", iteration.index + 1, iteration.of)).unwrap_or_default();
    let style = scene.transition.as_ref().map_or("transition".into(), Text::decoded);
    let style = sanitize::line(&style);
    let overlap = if scene.overlap == Length::ZERO { String::new() } else { format!(", {} s {style}", short(&scene.overlap)) };
    format!("scene {}{iteration}{overlap}", scene.index + 1)
}

/// The seconds that the bars represent: the movie's longest possible length where it is known, else as far as its scenes
/// certainly play, else as far as anything is known.
fn horizon(plan: &Plan, rows: &[Row]) -> f64 {
    let duration = plan.duration.at_most().unwrap_or_else(|| plan.duration.at_least()).as_f64();
    let scenes = rows.iter().filter(|row| row.bar.rank == Rank::Scene).map(|row| row.bar.sure).fold(duration, f64::max);
    if scenes > 0.0 {
        return scenes;
    }
    rows.iter().map(|row| row.bar.most.unwrap_or(row.bar.sure)).fold(0.0, f64::max)
}

/// `0 s` at the first column, the last second at the last.
fn axis(scale: Scale) -> String {
    let end = format!("{:.2}", scale.horizon);
    let end = format!("{} s", end.trim_end_matches('0').trim_end_matches('.'));
    let room = scale.columns.saturating_sub("0 s".len() + 1);
    if scale.horizon <= 0.0 || end.len() >= room {
        return "0 s".to_owned();
    }
    format!("0 s{end:>room$}")
}

/// The legend of the signs that occur.
fn legend(cells: &[Vec<char>]) -> Option<String> {
    let known = [
        (OVERLAP, "overlaps the scene before it"),
        (MAYBE, "may play"),
        (OPEN, "the end is unknown"),
        (BEYOND, "goes on beyond what it is in"),
    ];
    let occurs = |sign: char| cells.iter().any(|cells| cells.contains(&sign));
    let told: Vec<String> = known.iter().filter(|(sign, _)| occurs(*sign)).map(|(sign, words)| format!("{sign} {words}")).collect();
    (!told.is_empty()).then(|| format!("({})", told.join(", ")))
}

/// A name, cut or padded to this many columns of a terminal.
fn fitted(name: &str, columns: usize) -> String {
    let width = name.width();
    if width <= columns {
        return format!("{name}{}", " ".repeat(columns - width));
    }
    let mut room = columns.saturating_sub(1);
    let mut kept = String::new();
    for letter in name.chars() {
        let width = letter.width().unwrap_or(0);
        if width > room {
            break;
        }
        room -= width;
        kept.push(letter);
    }
    format!("{kept}…{}", " ".repeat(room))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_take_their_columns_in_any_script() {
        assert_eq!(fitted("text", 6), "text  ");
        assert_eq!(fitted("text \"Exterior\"", 6), "text …");
        assert_eq!(fitted("厨房厨房", 6), "厨房… ");
    }

    proptest! {
        #[test]
        fn a_fitted_name_has_its_width(name: String, columns in 1..60_usize) {
            let name = sanitize::line(&name).into_owned();
            let one_by_one: usize = name.chars().map(|letter| letter.width().unwrap_or(0)).sum();
            prop_assume!(one_by_one == name.width());
            prop_assert_eq!(fitted(&name, columns).width(), columns);
        }
    }
}
