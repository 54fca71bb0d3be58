//! A batch compared with `xargs -P 32 curl` and the service's SDK with a pool of 32, and the memory that it needs:
//! `cargo bench --bench batch`.
//!
//! Nothing here passes or fails: the figures depend on how quiet the machine is. Traffic goes to loopback only, to a
//! server that takes 20 ms per answer. Arguments select parts: `cargo bench --bench batch -- memory`.
#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod memory;
mod sending;
mod server;
mod table;
mod watching;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let parts: [(&str, fn()); 4] =
        [("sending", sending::in_the_clear), ("tls", sending::over_tls), ("watching", watching::sweeps), ("memory", memory::at_any_length)];
    for (_, part) in parts.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name)) {
        part();
    }
}

/// A heading over a block of figures.
fn heading(text: &str) {
    println!("\n{text}");
}
