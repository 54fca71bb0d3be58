//! How fast the commands are, each figure compared with another program's in the same run: `cargo bench --bench speed`.
//!
//! Nothing here passes or fails: the figures depend on how quiet the machine is. Traffic goes to loopback only.
#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod notice;
mod processes;
mod server;
mod together;
mod watching;

fn main() {
    processes::start_up();
    processes::submit();
    notice::from_end_to_notice();
    watching::a_thousand_renders();
    together::fifty_processes();
}

/// The median of several measurements.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A heading over a block of figures.
fn heading(text: &str) {
    println!("\n{text}");
}

/// One figure, and its ratio to the first of its block.
fn figure(name: &str, milliseconds: f64, base: f64) {
    println!("  {name:<44} {milliseconds:>9.2} ms   {:>6.2}", milliseconds / base);
}
