//! Configurations for tests: the files of `testdata`, and damaged forms of them.

#![allow(dead_code, reason = "each test uses a part of it")]

/// Every file of `testdata/xorg`, by name.
pub fn files() -> Vec<(&'static str, &'static str)> {
    macro_rules! files {
        ($($name:literal),* $(,)?) => { vec![$(($name, include_str!(concat!("../../testdata/xorg/", $name)))),*] };
    }
    files![
        "everything.conf",
        "dummy-1920x1080R-boots.conf",
        "dummy-3840x2160R-120-boots.conf",
        "modern-1366x768-60-domainABCD.conf",
        "modern-1920x1080-60-NONE.conf",
        "modern-a10g-1920x1080-60-DFP.conf",
        "modern-geforce-3840x2160-120-DP-0.conf",
        "modern-rerun-over-existing.conf",
        "modern-t4-domain1-2560x1600-60-DFP.conf",
        "seed-1920x1080-60-NONE.conf",
        "seed-a10g-1920x1080-60-DFP.conf",
    ]
}

/// Small numbers that are the same in every run (xorshift64*).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

/// One of the files, disguised in one place or two, and damaged in up to two.
pub fn mutated(seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let files = files();
    // Half of all cases start from the file in which everything stands.
    let file = if dice.roll(2) == 0 { 0 } else { dice.roll(files.len()) };
    let mut text = files[file].1.to_owned();
    if dice.roll(4) == 0 {
        text = some_sections(&text, &mut dice);
    }
    for _ in 0..1 + dice.roll(2) {
        text = disguise(&text, &mut dice);
    }
    for _ in 0..dice.roll(3) {
        text = damage(&text, &mut dice);
    }
    text
}

/// Some of the sections, so that names lead nowhere.
fn some_sections(text: &str, dice: &mut Dice) -> String {
    let sections: Vec<&str> = text.split_inclusive("EndSection\n").collect();
    let kept = sections.into_iter().filter(|_| dice.roll(4) > 0);
    kept.collect()
}

/// Another look, mostly of the same meaning.
fn disguise(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = dice.roll(lines.len());
    let Some(line) = lines.get_mut(at) else { return text.to_owned() };
    match dice.roll(8) {
        0 => return text.replace('\n', "\r\n"),
        1 => *line = line.to_uppercase(),
        2 => *line = spread(line, dice),
        3 => *line += "# a \"comment\"",
        4 => *line = line.replace(' ', "\t \t"),
        5 => *line = line.trim_start().replacen(' ', " # between\n\n", 1),
        6 => lines = sections_rotated(text, dice),
        _ => {
            let line = line.clone();
            lines.insert(at, line);
        }
    }
    lines.join("\n") + "\n"
}

/// The same sections in another order.
fn sections_rotated(text: &str, dice: &mut Dice) -> Vec<String> {
    let mut sections: Vec<&str> = text.split_inclusive("EndSection\n").collect();
    let by = dice.roll(sections.len());
    sections.rotate_left(by);
    sections.concat().lines().map(str::to_owned).collect()
}

fn damage(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push(String::new());
    }
    let (at, other) = (dice.roll(lines.len()), dice.roll(lines.len()));
    match dice.roll(18) {
        0 => lines.insert(other, lines[at].clone()),
        1 => {
            lines.remove(at);
        }
        2 => lines.swap(at, other),
        3 => lines[at] = lines[at].to_uppercase(),
        4 => lines[at] = spread(&lines[at], dice),
        5 => lines[at] = edit_word(&lines[at], dice, |_, _| String::new()),
        6 => lines[at] = edit_word(&lines[at], dice, |_, dice| (*dice.pick(WORDS)).to_owned()),
        7 => lines[at] = edit_word(&lines[at], dice, |word, dice| format!("{word} {}", dice.pick(WORDS))),
        8 => lines[at] = edit_word(&lines[at], dice, |word, dice| format!("{}{word}", dice.pick(GLUE))),
        9 => lines[at] = edit_word(&lines[at], dice, |word, dice| format!("{word}{}", dice.pick(GLUE))),
        10 => lines[at] += " # a comment \"with a quote\"",
        11 => lines[at] = lines[at].replacen(' ', " # cut\n", 1 + dice.roll(3)),
        12 => lines[at] = lines[at].replacen('"', "", 1),
        13 => return text.replacen('\n', " ", 1 + dice.roll(4)),
        14 => return join(&lines, at),
        15 => return text[..char_boundary(text, dice)].to_owned(),
        16 => lines.insert(at, dice.pick(LINES).to_string()),
        _ => return flip(text, dice),
    }
    lines.join("\n") + if dice.roll(8) == 0 { "" } else { "\n" }
}

/// Underscores where the server does not see them, and where it does.
fn spread(line: &str, dice: &mut Dice) -> String {
    let every = 2 + dice.roll(5);
    let mark = *dice.pick(&["_", "_", " ", "\t"]);
    let letters = line.char_indices().map(|(at, letter)| match at % every {
        0 if letter.is_alphabetic() => format!("{letter}{mark}"),
        _ => letter.to_string(),
    });
    letters.collect()
}

fn edit_word(line: &str, dice: &mut Dice, edit: impl Fn(&str, &mut Dice) -> String) -> String {
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let at = dice.roll(words.len());
    words[at] = edit(&words[at], dice);
    words.join(" ")
}

fn join(lines: &[String], at: usize) -> String {
    let glued = lines.iter().enumerate().map(|(number, line)| match number == at {
        true => format!("{line} "),
        false => format!("{line}\n"),
    });
    glued.collect()
}

fn char_boundary(text: &str, dice: &mut Dice) -> usize {
    let at = dice.roll(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn flip(text: &str, dice: &mut Dice) -> String {
    let at = char_boundary(text, dice);
    let mut flipped = text.to_owned();
    let glue: &str = dice.pick::<&str>(GLUE);
    flipped.insert_str(at, glue);
    flipped
}

const WORDS: &[&str] = &[
    "\"\"",
    "\"x\"",
    "\"endsection\"",
    "\"EndMode\"",
    "1",
    "0",
    "-1",
    "0x1F",
    "08",
    "1e2",
    "3.5.1",
    "99999999999",
    "4294967295",
    "-",
    ",",
    "# c",
    "EndSection",
    "EndSubSection",
    "Option",
    "Identifier",
    "Driver",
    "Section",
    "SubSection",
    "\"Display\"",
    "-hsync",
    "+vsync",
    "hskew",
    "vscan",
    "bcast",
    "foo",
    "foo\"bar\"",
    "RightOf",
    "Absolute",
    "Relative",
    "X",
    "kHz",
    "DacSpeed",
    "Gamma",
    "Modes",
    "ScreenNo",
    "\"yes\"",
    "\"maybe\"",
    "Keyboard",
];

const GLUE: &[&str] = &[
    "\"", "#", "-", ",", "_", "\t", "\r", "\r\n", "\n", "0", "x", ".", "\u{b}", "\u{e9}", "\u{feff}", "'",
    "\\",
];

const LINES: &[&str] = &[
    "Section \"Device\"",
    "EndSection",
    "Section \"Keyboard\"\nEndSection",
    "Section \"Files\"\n RgbPath \"/x\"\n InputDevices \"y\"\nEndSection",
    "Section \"Module\"\n SubSection \"a\"\n  Load \"b\"\nEndSection",
    "Section \"Module\"\n SubSection \"a\"\n  foo\n EndSubSection\nEndSection",
    "Section \"Monitor\"\n Identifier \"m\"\n Gamma 1 \"endsection\"",
    "Section \"Monitor\"\n Identifier \"m\"\n Gamma 1 2\nEndSection",
    "Section \"Monitor\"\n Identifier \"m\"\n HorizSync 1,2,3,4,5,6,7,8,9\nEndSection",
    "Section \"Monitor\"\n Identifier \"m\"\n HorizSync 70-30\nEndSection",
    "Section \"Monitor\"\n Identifier \"m\"\n UseModes \"nowhere\"\nEndSection",
    "Section \"Device\"\n Identifier \"d\"\n DacSpeed 300 \"end_section\"",
    "Section \"Device\"\n Identifier \"d\"\n DacSpeed 1 2 3 4 5\nEndSection",
    "Section \"Device\"\n Identifier \"d\"\n Clocks\nEndSection",
    "Section \"InputDevice\"\n Identifier \"i\"\nEndSection",
    "Section \"Screen\"\n Identifier \"s\"\n VideoAdaptor \"none\"\nEndSection",
    "Section \"Pointer\"\n ZAxisMapping # c\n 4 5\nEndSection",
    "Section \"Pointer\"\n Emulate3Timeout 4294967295\nEndSection",
    "Section \"DRI\"\n Mode 666\nEndSection",
    "Section \"Vendor\"\n Identifier \"v\"\n SubSection \"s\"\n Identifier \"w\"\n EndSubSection\nEndSection",
    "Section \"InputClass\"\n Identifier \"c\"\n MatchIsKeyboard \"maybe\"\nEndSection",
    "Section \"ServerLayout\"\n Identifier \"l\"\n Screen \"s\" \"t\" \"u\"\nEndSection",
    "Option foo",
    "Option",
    "    Identifier \"again\"",
    "    SubSection \"Display\"",
    "    EndSubSection",
];
