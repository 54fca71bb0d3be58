//! Another validator in its own process: it validates the listing once, and then, for each line that it reads, several times
//! more, and answers with the microseconds per validation.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// `ajv`, the validator of JavaScript programs.
pub(crate) const AJV: &str = r"
const Ajv = require('ajv/dist/2020').default, fs = require('fs');
const validate = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(fs.readFileSync('schema.json', 'utf8')));
const text = fs.readFileSync('listing.json', 'utf8'), parsed = JSON.parse(text), times = 300;
const work = { text: () => validate(JSON.parse(text)), parsed: () => validate(parsed), parse: () => JSON.parse(text) };
work.text();
require('readline').createInterface({ input: process.stdin }).on('line', (mode) => {
  const one = work[mode], start = process.hrtime.bigint();
  for (let time = 0; time < times; time++) one();
  console.log(Number(process.hrtime.bigint() - start) / times / 1000);
});
";

/// `jsonschema`, the validator of Python programs.
pub(crate) const JSONSCHEMA: &str = r"
import json, sys, time, jsonschema
text = open('listing.json').read(); parsed = json.loads(text); times = 5
validator = jsonschema.Draft202012Validator(json.load(open('schema.json')))
work = {
    'text': lambda: list(validator.iter_errors(json.loads(text))),
    'parsed': lambda: list(validator.iter_errors(parsed)),
    'parse': lambda: json.loads(text),
}
work['text']()
for line in sys.stdin:
    one, start = work[line.strip()], time.perf_counter()
    for _ in range(times):
        one()
    print((time.perf_counter() - start) / times * 1e6, flush=True)
";

/// A validator that runs on demand.
pub(crate) struct Rival {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Rival {
    /// Starts it, if it is installed.
    pub(crate) fn start(folder: &Path, program: &Path, script: &str) -> Option<Self> {
        let mut command = Command::new(program);
        command.arg(script).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let (orders, answers) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        Some(Self { child, orders, answers })
    }

    /// The microseconds of one validation, as it measured them.
    pub(crate) fn turn(&mut self, mode: &str) -> Option<f64> {
        writeln!(self.orders, "{mode}").ok()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).ok()?;
        answer.trim().parse().ok()
    }

    /// Ends it.
    pub(crate) fn end(mut self) {
        drop(self.orders);
        let _ = self.child.wait();
    }
}
