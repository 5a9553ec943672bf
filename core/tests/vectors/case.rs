//! The cases of a file.

/// A file of cases, its lines kept so that it can be written again.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) lines: Vec<String>,
    pub(crate) cases: Vec<Case>,
}

/// One conversation with one connection.
pub(crate) struct Case {
    pub(crate) name: String,
    /// `(keyword, rest)` of each set-up line.
    pub(crate) setup: Vec<(String, String)>,
    pub(crate) steps: Vec<Step>,
}

/// A call and what it must come to.
pub(crate) struct Step {
    /// The step without its `> `.
    pub(crate) call: String,
    pub(crate) expected: Vec<String>,
}

impl Case {
    /// The values of all set-up lines with this keyword.
    pub(crate) fn setup<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        self.setup.iter().filter(move |(name, _)| name == keyword).map(|(_, rest)| rest.as_str())
    }

    pub(crate) fn shows(&self, what: &str) -> bool {
        self.setup("show").any(|shown| shown == what)
    }

    /// Whether the conversation is with a proxy.
    pub(crate) fn is_tunnel(&self) -> bool {
        self.setup("role").any(|role| role == "tunnel")
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.setup("whole").next().is_some()
    }
}

impl File {
    pub(crate) fn parse(name: &str, text: &str) -> File {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut cases: Vec<Case> = Vec::new();
        for (at, line) in lines.iter().map(|line| line.trim()).enumerate() {
            if is_silent(line) {
                continue;
            }
            let (keyword, rest) = split_word(line);
            match (keyword, cases.last_mut()) {
                ("case", _) => cases.push(Case { name: rest.into(), setup: Vec::new(), steps: Vec::new() }),
                (_, None) => panic!("{name}:{}: outside a case: {line}", at + 1),
                (">", Some(case)) => case.steps.push(Step { call: rest.into(), expected: Vec::new() }),
                (_, Some(Case { steps, .. })) if !steps.is_empty() => {
                    steps.last_mut().expect("not empty").expected.push(line.into());
                }
                (_, Some(case)) => case.setup.push((keyword.into(), rest.into())),
            }
        }
        File { name: name.into(), lines, cases }
    }

    /// The text with the transcripts replaced: one for each step, in order. Comments stay, behind the transcript.
    pub(crate) fn with_transcripts(&self, transcripts: &[Vec<String>]) -> String {
        let mut text = String::new();
        let mut transcripts = transcripts.iter();
        let mut in_steps = false;
        for line in &self.lines {
            let trimmed = line.trim();
            let is_step = trimmed.starts_with("> ");
            in_steps = is_step || (in_steps && !trimmed.starts_with("case "));
            if in_steps && !is_step && !is_silent(trimmed) {
                continue;
            }
            text.push_str(line.trim_end());
            text.push('\n');
            if is_step {
                for line in transcripts.next().expect("one for each step") {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        text
    }
}

fn is_silent(line: &str) -> bool {
    line.is_empty() || line.starts_with('#')
}

/// The first word of a line, and what follows it.
pub(crate) fn split_word(line: &str) -> (&str, &str) {
    line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()))
}
