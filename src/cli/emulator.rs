//! What can be typed about the emulator, and the page of `j2v emulator --help`: what it is, what it is not, and every
//! fault that it can make.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::help;
use super::parse::duration;
use crate::emulator::{Fault, Shape, catalogue};
use crate::exit::Exit;

const INTRODUCTION: &str = "\
The emulator speaks the service's API on this machine: the same paths, bodies and oddities,
webhooks, and faults on demand. It is no renderer: each video is a flat colour of the right size
and length. It costs nothing and takes any key but those that begin with `wrong`. Its project ids
begin with EMU, and every answer says `server: j2v-emulator`.

Examples:
  j2v emulator --render-time 5s &
  export J2V_API_URL=http://127.0.0.1:8025/v2 J2V_API_KEY=any
  j2v submit listing.json --wait

  j2v emulator --record DIR               a proxy in front of the API: what it says becomes files
  j2v emulator --play DIR                 answers as it did then

`--emulate` on any command runs one inside that command instead; its renders stay in a folder of
their own.

A movie can ask for its own course in `client-data`:
  {\"client-data\": {\"emulator\": {\"fault\": [\"post-reset\"], \"render-time\": \"200ms\"}}}

GET /emulator/state tells what was asked of it and what it accepted; POST /emulator/reset forgets
everything.

Faults (--fault NAME[=ARG][*COUNT][%PERCENT]):
";

/// It runs until it is stopped.
const ENDS: &[Exit] = &[Exit::Internal, Exit::Usage, Exit::Interrupted];

/// The text after the options.
fn page() -> String {
    let width = catalogue().iter().map(|fault| fault.usage().len()).max().unwrap_or(0);
    let mut text = INTRODUCTION.to_owned();
    for faults in catalogue().chunk_by(|one, next| one.place == next.place) {
        text.extend(faults.first().map(|fault| format!("\n  {}:\n", fault.place.title())));
        text.extend(faults.iter().map(|fault| format!("    {:width$}  {}\n", fault.usage(), fault.help)));
    }
    text.trim_end().to_owned()
}

/// What is of no meaning where nothing is emulated.
const EMULATING: [&str; 7] = ["render_time", "seed", "credits", "fault", "webhook_shape", "folder", "accept_key"];

// `j2v emulator`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page(&page(), ENDS))]
pub(crate) struct EmulatorArgs {
    /// The address to serve on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8025")]
    pub(crate) bind: SocketAddr,
    /// How long a render takes
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s")]
    pub(crate) render_time: Duration,
    /// The same seed gives the same ids and times
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How many credits the account has (default: plenty)
    #[arg(long, value_name = "N")]
    pub(crate) credits: Option<u64>,
    /// A fault to inject, see the list below; repeatable
    #[arg(long, value_name = "NAME[=ARG][*COUNT][%PERCENT]")]
    pub(crate) fault: Vec<Fault>,
    /// The shape of the webhook's body
    #[arg(long, value_name = "SHAPE", default_value = "tutorial")]
    pub(crate) webhook_shape: Shape,
    /// Keep the renders in this folder (default: in memory only)
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Be a proxy in front of the API instead, and write each request and answer into this folder, without the key
    #[arg(long, value_name = "DIR", conflicts_with_all = EMULATING)]
    pub(crate) record: Option<PathBuf>,
    /// Answer with what was recorded into this folder instead
    #[arg(long, value_name = "DIR", conflicts_with_all = EMULATING, conflicts_with = "record")]
    pub(crate) play: Option<PathBuf>,
    /// The only key that is accepted (default: any that does not begin with `wrong`)
    #[arg(long, value_name = "KEY")]
    pub(crate) accept_key: Option<String>,
}
