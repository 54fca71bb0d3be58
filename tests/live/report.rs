//! The report: each question with what was assumed, what was seen, and where it matters.

use std::fmt;

use crate::question::{ALL, Answer, Question};

/// The answers so far.
#[derive(Default)]
pub(crate) struct Report {
    answers: Vec<(&'static str, Answer)>,
}

impl Report {
    /// Notes an answer.
    pub(crate) fn note(&mut self, question: &Question, answer: Answer) {
        self.answers.push((question.title, answer));
    }

    /// Notes of several questions why they could not be asked.
    pub(crate) fn skip(&mut self, questions: &[&Question], why: &str) {
        for question in questions {
            self.note(question, Answer::NotSeen(why.to_owned()));
        }
    }

    /// The answer to a question.
    pub(crate) fn answer(&self, question: &Question) -> Option<&Answer> {
        self.answers.iter().find(|(title, _)| *title == question.title).map(|(_, answer)| answer)
    }
}

/// A table in Markdown.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, cell) = (env!("CARGO_PKG_VERSION"), |text: &str| text.replace('|', "\\|").replace('\n', " "));
        writeln!(f, "# What the service says (j2v {version})\n")?;
        writeln!(f, "| question | assumed | seen | where it matters |\n| --- | --- | --- | --- |")?;
        for question in ALL {
            let seen = self.answer(question).map_or_else(|| "not asked".to_owned(), ToString::to_string);
            let matters = question.matters.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ");
            writeln!(f, "| {} | {} | {} | {matters} |", question.title, cell(question.assumed), cell(&seen))?;
        }
        Ok(())
    }
}
