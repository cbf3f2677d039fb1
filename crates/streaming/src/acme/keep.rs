//! When a certificate is asked for: at once where there is none, at two thirds of its life, and later after a refusal.

use std::time::{Duration, SystemTime};

use tokio::time::{sleep, timeout};

use super::{
    AcmeConfig, Challenges,
    http::Http,
    kept::Certificate,
    order::{OrderError, order},
};
use crate::error_text;

pub(crate) const IS_BUILT: bool = true;

/// The time after the first refusal, and the longest. Authorities count refusals by the hour.
const PAUSES: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(12 * 3600)];
/// A clock may be set meanwhile, so it is looked at again after so long.
const LOOK: Duration = Duration::from_secs(3600);
/// So long may one order take, whatever it waits for.
const PATIENCE: Duration = Duration::from_secs(300);

/// Keeps a certificate for as long as the server runs.
pub(crate) async fn keep(config: AcmeConfig, challenges: Challenges) {
    let names = config.domains.join(", ");
    let mut refusals = 0;
    loop {
        let kept = Certificate::kept(&config);
        match due(kept.as_ref(), &config.domains, SystemTime::now()) {
            Due::In(time) => sleep(time.min(LOOK)).await,
            Due::Now(why) => {
                tracing::info!(names, authority = config.directory, "a certificate is asked for: {why}");
                let http = Http::default();
                let result = timeout(PATIENCE, order(&config, &challenges, &http)).await;
                challenges.forget();
                match result.unwrap_or(Err(OrderError::Slow)) {
                    Ok(()) => {
                        refusals = 0;
                        tracing::info!(names, "the certificate is there");
                        // One that is due again at once would be asked for without end.
                        sleep(SOON).await;
                    }
                    Err(error) => {
                        refusals += 1;
                        let pause = pause(refusals, http.retry_after());
                        let (text, authority) = (error_text(&error), &config.directory);
                        tracing::warn!(
                            "there is no certificate for {names} from {authority}: {text}. What is served now stays; \
                             the next attempt is in {} s",
                            pause.as_secs()
                        );
                        sleep(pause).await;
                    }
                }
            }
        }
    }
}

/// No two orders that succeed are closer.
const SOON: Duration = Duration::from_secs(10);

#[derive(Debug, PartialEq, Eq)]
enum Due {
    In(Duration),
    /// For this reason.
    Now(&'static str),
}

/// When a certificate for these names is to be asked for, given the one that is kept.
fn due(kept: Option<&Certificate>, domains: &[String], now: SystemTime) -> Due {
    let Some(kept) = kept else { return Due::Now("there is none") };
    if !kept.is_for(domains) {
        return Due::Now("the one that is kept is for other names");
    }
    if now >= kept.until {
        return Due::Now("the one that is kept has expired, or the clock of this machine is wrong");
    }
    let life = kept.until.duration_since(kept.from).unwrap_or_default();
    match (kept.from + life / 3 * 2).duration_since(now) {
        Ok(left) if !left.is_zero() => Due::In(left),
        _ => Due::Now("two thirds of the life of the one that is kept are over"),
    }
}

/// How long to wait after so many refusals, and whatever the authority asked for, within reason.
fn pause(refusals: u32, asked: Option<Duration>) -> Duration {
    let [first, longest] = PAUSES;
    let doubled = first.saturating_mul(1 << refusals.saturating_sub(1).min(16));
    doubled.max(asked.unwrap_or_default()).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_asked_for_when_it_is_due() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let day = |days: u64| Duration::from_secs(24 * 3600 * days);
        let kept = Certificate {
            names: vec!["a.test".into(), "b.test".into()],
            from: start,
            until: start + day(90),
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (age, domains, expected) in [
            (0, &["a.test"][..], Due::In(day(60))),
            (59, &["B.test", "a.test"], Due::In(day(1))),
            (60, &["a.test"], Due::Now("two thirds of the life of the one that is kept are over")),
            (0, &["c.test"], Due::Now("the one that is kept is for other names")),
            (
                91,
                &["a.test"],
                Due::Now("the one that is kept has expired, or the clock of this machine is wrong"),
            ),
        ] {
            assert_eq!(due(Some(&kept), &names(domains), start + day(age)), expected, "{age} {domains:?}");
        }
        assert_eq!(due(None, &names(&["a.test"]), start), Due::Now("there is none"));
        // A clock that goes back makes nothing due.
        assert_eq!(due(Some(&kept), &names(&["a.test"]), start - day(3)), Due::In(day(63)));
    }

    #[test]
    fn refusals_make_the_pauses_longer_up_to_half_a_day() {
        let seconds = |refusals, asked| pause(refusals, asked).as_secs();
        assert_eq!([1, 2, 3, 4].map(|refusals| seconds(refusals, None)), [300, 600, 1200, 2400]);
        assert_eq!([9, 40, u32::MAX].map(|refusals| seconds(refusals, None)), [43_200; 3]);
        assert_eq!(seconds(1, Some(Duration::from_secs(3600))), 3600);
        assert_eq!(seconds(1, Some(Duration::from_secs(1))), 300);
        assert_eq!(seconds(1, Some(Duration::MAX)), 43_200, "nobody waits for ever");
    }
}
