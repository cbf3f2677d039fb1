//! What follows a keyword: one function for each shape.

use super::grammar::{Grammar, MODE_FLAGS, Shape, VERBOSE_MODE};
use super::lexer::{Kind, Token};
use super::name::{boolean, same_name};
use super::number::{is_octal, real, whole};
use super::parser::{Counts, Parser};
use super::tree::Entry;
use super::{ParseError, Problem};

type Parsed = Result<(), ParseError>;

impl Parser<'_> {
    /// Reads what follows the keyword of `entry`.
    pub(super) fn shape(&mut self, shape: Shape, entry: &mut Entry, counts: &mut Counts) -> Parsed {
        match shape {
            Shape::Text | Shape::Identifier => self.one_text(entry, counts),
            Shape::Boolean => self.boolean(entry),
            Shape::Numbers(count) => self.numbers(entry, count),
            Shape::Positive => self.positive(entry),
            Shape::Octal => self.octal(entry),
            Shape::TextOrNumber => self.text_or_number(entry),
            Shape::Nothing | Shape::Never => Ok(()),
            Shape::Texts => self.texts(entry),
            Shape::TextThenTexts => self.text(entry, QUOTED).and_then(|()| self.texts(entry)),
            Shape::Option => self.option(entry),
            Shape::DacSpeeds => self.dac_speeds(entry),
            Shape::Clocks => self.clocks(entry, counts),
            Shape::Ranges => self.ranges(entry, counts),
            Shape::Gamma => self.gamma(entry),
            Shape::ModeLine => self.mode_line(entry),
            Shape::Mode => self.mode(entry),
            Shape::ModeFlags => self.mode_flags(entry),
            Shape::Placement => self.placement(entry),
            Shape::ZAxis => self.z_axis(entry),
            Shape::Subsection(grammar) => self.subsection(grammar, entry),
            Shape::ForgivingSubsection(grammar) => self.forgiving_subsection(grammar, entry),
            Shape::Obsolete => self.obsolete(entry),
        }
    }

    fn text(&mut self, entry: &mut Entry, accepted: &'static str) -> Parsed {
        let token = self.expect(Kind::Text, entry.keyword, accepted)?;
        entry.values.push(token);
        Ok(())
    }

    fn one_text(&mut self, entry: &mut Entry, counts: &mut Counts) -> Parsed {
        self.text(entry, QUOTED)?;
        counts.gpu_devices += usize::from(entry.keyword == "GPUDevice");
        self.at_most(MAX_GPU_DEVICES, counts.gpu_devices, entry)
    }

    fn numbers(&mut self, entry: &mut Entry, count: u8) -> Parsed {
        for _ in 0..count {
            let token =
                self.expect(Kind::Number, entry.keyword, NUMBERS[usize::from(count) % NUMBERS.len()])?;
            entry.values.push(token);
        }
        Ok(())
    }

    fn boolean(&mut self, entry: &mut Entry) -> Parsed {
        let token = self.expect(Kind::Text, entry.keyword, BOOLEAN)?;
        entry.values.push(token);
        match boolean(token.text(self.source)) {
            Some(_) => Ok(()),
            None => Err(self.argument(token, entry.keyword, BOOLEAN)),
        }
    }

    fn positive(&mut self, entry: &mut Entry) -> Parsed {
        let token = self.expect(Kind::Number, entry.keyword, POSITIVE)?;
        entry.values.push(token);
        match i32::try_from(whole(token.text(self.source))) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.argument(token, entry.keyword, POSITIVE)),
        }
    }

    fn octal(&mut self, entry: &mut Entry) -> Parsed {
        let token = self.expect(Kind::Number, entry.keyword, OCTAL)?;
        entry.values.push(token);
        match is_octal(token.text(self.source)) {
            true => Ok(()),
            false => Err(self.argument(token, entry.keyword, OCTAL)),
        }
    }

    fn text_or_number(&mut self, entry: &mut Entry) -> Parsed {
        let token = self.next();
        entry.values.push(token);
        match token.kind {
            Kind::Text | Kind::Number => Ok(()),
            _ => Err(self.argument(token, entry.keyword, "a name in quotes or a number")),
        }
    }

    fn texts(&mut self, entry: &mut Entry) -> Parsed {
        while let Some(token) = self.accept(Kind::Text) {
            entry.values.push(token);
        }
        Ok(())
    }

    fn option(&mut self, entry: &mut Entry) -> Parsed {
        let token = self.next();
        if token.kind == Kind::Text {
            entry.values.push(token);
            entry.values.extend(self.accept(Kind::Text));
            return Ok(());
        }
        self.warn(token, Problem::UnquotedOption { found: self.show(token) });
        keep_dropped(entry, token);
        Ok(())
    }

    fn obsolete(&mut self, entry: &mut Entry) -> Parsed {
        self.warn(entry.token, Problem::Obsolete { keyword: entry.keyword });
        let token = self.next();
        keep_dropped(entry, token);
        Ok(())
    }

    fn dac_speeds(&mut self, entry: &mut Entry) -> Parsed {
        let first = self.expect(Kind::Number, entry.keyword, "one to four numbers of megahertz")?;
        entry.values.push(first);
        while entry.values.len() < MAX_DAC_SPEEDS {
            let token = self.next();
            if token.kind != Kind::Number {
                self.put_back_as_word(token);
                break;
            }
            entry.values.push(token);
        }
        Ok(())
    }

    fn clocks(&mut self, entry: &mut Entry, counts: &mut Counts) -> Parsed {
        while let Some(token) = self.accept(Kind::Number) {
            entry.values.push(token);
            counts.clocks += 1;
            self.at_most(MAX_CLOCKS, counts.clocks, entry)?;
        }
        Ok(())
    }

    fn ranges(&mut self, entry: &mut Entry, counts: &mut Counts) -> Parsed {
        let mut low = self.expect(Kind::Number, entry.keyword, RANGES)?;
        loop {
            entry.values.push(low);
            let count = match entry.keyword {
                "HorizSync" => &mut counts.horizontal_ranges,
                _ => &mut counts.vertical_ranges,
            };
            *count += 1;
            let count = *count;
            self.at_most(MAX_RANGES, count, entry)?;
            if let Some(dash) = self.accept(Kind::Dash) {
                let high = self.expect(Kind::Number, entry.keyword, RANGES)?;
                entry.values.extend([dash, high]);
                self.check_range(low, high, entry.keyword)?;
            }
            if self.accept(Kind::Comma).is_none() {
                return Ok(());
            }
            match self.accept(Kind::Number) {
                Some(next) => low = next,
                None => return Ok(()),
            }
        }
    }

    fn check_range(&self, low: Token, high: Token, keyword: &'static str) -> Parsed {
        let value = |token: Token| real(token.text(self.source)) as f32;
        match value(low) <= value(high) {
            true => Ok(()),
            false => Err(self.argument(high, keyword, "ranges whose end is not below their beginning")),
        }
    }

    fn gamma(&mut self, entry: &mut Entry) -> Parsed {
        let first = self.expect(Kind::Number, entry.keyword, GAMMA)?;
        entry.values.push(first);
        let second = self.next();
        if second.kind != Kind::Number {
            self.put_back_as_word(second);
            return Ok(());
        }
        let third = self.expect(Kind::Number, entry.keyword, GAMMA)?;
        entry.values.extend([second, third]);
        Ok(())
    }

    fn mode_line(&mut self, entry: &mut Entry) -> Parsed {
        self.text(entry, MODE_LINE)?;
        for _ in 0..9 {
            let number = self.expect(Kind::Number, entry.keyword, MODE_LINE)?;
            entry.values.push(number);
        }
        while let Some(flag) = self.accept(Kind::Word) {
            let known = MODE_FLAGS.iter().find(|(name, _)| same_name(name, flag.text(self.source)));
            let Some((_, numbered)) = known else {
                self.lexer.put_back(flag);
                break;
            };
            entry.values.push(flag);
            if *numbered {
                let number = self.expect(Kind::Number, entry.keyword, "a number behind hskew and vscan")?;
                entry.values.push(number);
            }
        }
        Ok(())
    }

    fn mode(&mut self, entry: &mut Entry) -> Parsed {
        let name = self.expect(Kind::Text, entry.keyword, QUOTED)?;
        let body = self.body(&VERBOSE_MODE, entry.token, name)?;
        for missing in ["DotClock", "HTimings", "VTimings"] {
            if !body.entries.iter().any(|entry| entry.keyword == missing) {
                return Err(self.error(body.end, Problem::IncompleteMode { missing }));
            }
        }
        entry.body = Some(body);
        Ok(())
    }

    fn mode_flags(&mut self, entry: &mut Entry) -> Parsed {
        let mut flag = self.expect(Kind::Text, entry.keyword, MODE_FLAG_NAMES)?;
        loop {
            let known = MODE_FLAGS.iter().any(|(name, numbered)| {
                !numbered && *name != "bcast" && same_name(name, flag.text(self.source))
            });
            if !known {
                return Err(self.argument(flag, entry.keyword, MODE_FLAG_NAMES));
            }
            entry.values.push(flag);
            match self.accept(Kind::Text) {
                Some(next) => flag = next,
                None => return Ok(()),
            }
        }
    }

    fn placement(&mut self, entry: &mut Entry) -> Parsed {
        entry.values.extend(self.accept(Kind::Number));
        self.text(entry, PLACEMENT)?;
        let token = self.next();
        let word = token.text(self.source);
        let is = |name: &&str| token.kind == Kind::Word && same_name(name, word);
        if ["RightOf", "LeftOf", "Above", "Below"].iter().any(is) {
            entry.values.push(token);
            return self.text(entry, PLACEMENT);
        }
        if is(&"Relative") {
            entry.values.push(token);
            return self.text(entry, PLACEMENT).and_then(|()| self.place_numbers(entry, 2));
        }
        if is(&"Absolute") {
            entry.values.push(token);
            return self.place_numbers(entry, 2);
        }
        match token.kind {
            Kind::End => Err(self.argument(token, entry.keyword, PLACEMENT)),
            Kind::Number => {
                entry.values.push(token);
                self.place_numbers(entry, 1)
            }
            Kind::Text => {
                entry.values.push(token);
                (0..3).try_for_each(|_| self.text(entry, PLACEMENT))
            }
            _ => {
                self.lexer.put_back(token);
                Ok(())
            }
        }
    }

    fn place_numbers(&mut self, entry: &mut Entry, count: usize) -> Parsed {
        for _ in 0..count {
            let token = self.expect(Kind::Number, entry.keyword, PLACEMENT)?;
            entry.values.push(token);
        }
        Ok(())
    }

    /// The only place where the server does not pass over a comment.
    fn z_axis(&mut self, entry: &mut Entry) -> Parsed {
        let first = self.next();
        let word = first.text(self.source);
        let axis = first.kind == Kind::Word && (same_name("x", word) || same_name("y", word));
        entry.values.push(first);
        let positive = |token: Token, source| i32::try_from(whole(token.text(source))).is_ok();
        let number = first.kind == Kind::Number && positive(first, self.source);
        if let Some(line) = self.lexer.comment {
            return Err(self.argument(
                Token { line, ..first },
                entry.keyword,
                "X, Y or two numbers, and no comment before",
            ));
        }
        if !(axis || number) {
            return Err(self.argument(first, entry.keyword, Z_AXIS));
        }
        if axis {
            return Ok(());
        }
        let second = self.expect(Kind::Number, entry.keyword, Z_AXIS)?;
        entry.values.push(second);
        match positive(second, self.source) {
            true => Ok(()),
            false => Err(self.argument(second, entry.keyword, Z_AXIS)),
        }
    }

    fn subsection(&mut self, grammar: &'static Grammar, entry: &mut Entry) -> Parsed {
        let name = self.expect(Kind::Text, entry.keyword, QUOTED)?;
        entry.body = Some(self.body(grammar, entry.token, name)?);
        Ok(())
    }

    fn forgiving_subsection(&mut self, grammar: &'static Grammar, entry: &mut Entry) -> Parsed {
        let name = self.expect(Kind::Text, entry.keyword, QUOTED)?;
        match self.body(grammar, entry.token, name) {
            Ok(body) => entry.body = Some(body),
            Err(error) => {
                self.warnings.push(error);
                entry.values.push(name);
                self.last().into_iter().for_each(|token| keep_dropped(entry, token));
            }
        }
        Ok(())
    }

    /// The server forgets to put back the token itself; what it looks up as a keyword is the token's text.
    fn put_back_as_word(&mut self, token: Token) {
        let kind = if token.kind == Kind::End { Kind::End } else { Kind::Word };
        let inner = match token.kind {
            Kind::Text => token.start + 1..token.start + 1 + token.text(self.source).len(),
            _ => token.start..token.end,
        };
        self.lexer.put_back(Token { kind, start: inner.start, end: inner.end, line: token.line });
    }

    fn at_most(&self, limit: usize, count: usize, entry: &Entry) -> Parsed {
        let at = entry.values.last().copied().unwrap_or(entry.token);
        match count > limit {
            true => Err(self.error(at, Problem::TooMany { keyword: entry.keyword, limit })),
            false => Ok(()),
        }
    }
}

/// An edit must know how far the entry reaches, though nobody reads these values.
fn keep_dropped(entry: &mut Entry, token: Token) {
    if token.kind != Kind::End {
        entry.values.push(token);
    }
}

const MAX_DAC_SPEEDS: usize = 4;
const MAX_CLOCKS: usize = 128;
const MAX_RANGES: usize = 8;
const MAX_GPU_DEVICES: usize = 4;

const QUOTED: &str = "text in double quotes";
const NUMBERS: [&str; 5] =
    ["nothing", "a number without a sign", "two numbers", "three numbers", "four numbers"];
const POSITIVE: &str = "a number from 0 to 2147483647";
const OCTAL: &str = "an octal number, as 0666";
const BOOLEAN: &str = "\"1\", \"on\", \"true\", \"yes\", \"0\", \"off\", \"false\" or \"no\"";
const RANGES: &str = "numbers and ranges without a unit and with commas between, as 31.5, 30-70";
const GAMMA: &str = "one number, or three for red, green and blue";
const MODE_LINE: &str = "a name in quotes, the clock in megahertz, four horizontal and four vertical numbers";
const MODE_FLAG_NAMES: &str = "flags in quotes: interlace, doublescan, composite, +hsync, -hsync, +vsync, -vsync, \
     +csync or -csync";
const PLACEMENT: &str = "perhaps a number, the screen in quotes, and perhaps two numbers, Absolute X Y, RightOf, \
     LeftOf, Above or Below \"screen\", or Relative \"screen\" X Y";
const Z_AXIS: &str = "X, Y or two numbers";
