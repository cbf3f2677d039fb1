//! How long NVIDIA maintains a branch of the driver.

use crate::Branch;

/// How NVIDIA maintains a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Lifecycle {
    /// For GPUs that newer branches dropped; security fixes, if any.
    Legacy,
    /// Three years.
    LongTerm,
    /// One year.
    Production,
    /// Until the next one.
    NewFeature,
}

impl Branch {
    /// How NVIDIA maintains this branch, as far as it is known.
    ///
    /// Source: the tables of supported drivers in NVIDIA's data centre driver documentation, and its list of legacy
    /// Unix drivers. A branch may be renamed while it lives.
    ///
    /// ```
    /// use cosmos_nvidia_driver::{Branch, Lifecycle};
    /// assert_eq!(Branch(580).lifecycle(), Some(Lifecycle::LongTerm));
    /// assert_eq!(Branch(390).lifecycle(), Some(Lifecycle::Legacy));
    /// ```
    pub fn lifecycle(self) -> Option<Lifecycle> {
        self.row().map(|(_, lifecycle, _)| *lifecycle)
    }

    /// The year and the month (1 to 12) in which its maintenance ends or has ended, where NVIDIA's data centre driver
    /// documentation says so. A date in the future has been moved before.
    ///
    /// ```
    /// use cosmos_nvidia_driver::Branch;
    /// let today = (2026, 9);
    /// assert!(Branch(535).end_of_life().is_some_and(|end| end < today));
    /// assert!(Branch(580).end_of_life().is_some_and(|end| end > today));
    /// assert_eq!(Branch(415).end_of_life(), None);
    /// ```
    pub fn end_of_life(self) -> Option<(u16, u8)> {
        self.row().and_then(|(.., end)| *end)
    }

    fn row(self) -> Option<&'static Row> {
        BRANCHES.iter().find(|(number, ..)| *number == self.0)
    }
}

use Lifecycle::{Legacy, LongTerm, NewFeature, Production};

/// Branch, kind, and year and month of the end.
type Row = (u32, Lifecycle, Option<(u16, u8)>);

/// The dates stand in the documentation's editions of March 2021 (up to
/// 460), August 2025 (570) and September 2026 (535, and 580 and later).
const BRANCHES: [Row; 30] = [
    (304, Legacy, None),
    (340, Legacy, None),
    (367, Legacy, None),
    (390, Legacy, None),
    (418, LongTerm, Some((2022, 3))),
    (440, NewFeature, Some((2020, 11))),
    (450, LongTerm, Some((2023, 7))),
    (455, NewFeature, None),
    (460, Production, Some((2022, 1))),
    (465, NewFeature, None),
    (470, LongTerm, None),
    (495, NewFeature, None),
    (510, Production, None),
    (515, Production, None),
    (520, NewFeature, None),
    (525, Production, None),
    (530, NewFeature, None),
    (535, LongTerm, Some((2026, 6))),
    (545, NewFeature, None),
    (550, Production, None),
    (555, NewFeature, None),
    (560, NewFeature, None),
    (565, NewFeature, None),
    (570, Production, Some((2026, 2))),
    (575, NewFeature, None),
    (580, LongTerm, Some((2028, 6))),
    (590, NewFeature, None),
    (595, Production, Some((2027, 3))),
    (610, NewFeature, Some((2026, 8))),
    (620, LongTerm, Some((2029, 9))),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn all(kind: Lifecycle) -> Vec<u32> {
        (0..1000).filter(|number| Branch(*number).lifecycle() == Some(kind)).collect()
    }

    #[test]
    fn every_branch_has_its_kind() {
        assert_eq!(all(Legacy), [304, 340, 367, 390]);
        assert_eq!(all(LongTerm), [418, 450, 470, 535, 580, 620]);
        assert_eq!(all(Production), [460, 510, 515, 525, 550, 570, 595]);
        let news = [440, 455, 465, 495, 520, 530, 545, 555, 560, 565, 575, 590, 610];
        assert_eq!(all(NewFeature), news);
        assert_eq!(Branch(999).lifecycle(), None);
    }

    #[test]
    fn the_published_ends_are_known() {
        for (branch, end) in [
            (418, Some((2022, 3))),
            (440, Some((2020, 11))),
            (450, Some((2023, 7))),
            (455, None),
            (460, Some((2022, 1))),
            (535, Some((2026, 6))),
            (570, Some((2026, 2))),
            (580, Some((2028, 6))),
            (595, Some((2027, 3))),
            (610, Some((2026, 8))),
            (620, Some((2029, 9))),
            (621, None),
        ] {
            assert_eq!(Branch(branch).end_of_life(), end, "{branch}");
        }
    }

    #[test]
    fn the_table_is_in_order_and_of_real_months() {
        assert!(BRANCHES.is_sorted_by(|one, next| one.0 < next.0));
        let months = BRANCHES.iter().filter_map(|(.., end)| *end);
        assert!(months.into_iter().all(|(year, month)| year >= 2020 && (1..=12).contains(&month)));
    }
}
