//! Spans that services of jobs have sent: as many as there is room for.

use pt_model::ReceivedSpan;
use rusqlite::{OptionalExtension, params};

use crate::job::{encode, unknown};
use crate::{JobKey, Store, StoreError};

impl Store {
    /// How many spans of a job are kept.
    pub const MOST_SPANS: u32 = 10_000;

    /// How many bytes they may have, all together.
    pub const MOST_SPAN_BYTES: u32 = 32 << 20;

    /// Keeps spans of a job, in order, as long as there is room for them; says how many.
    pub fn add_spans(&self, job: &JobKey, spans: &[ReceivedSpan]) -> Result<usize, StoreError> {
        let bodies = spans.iter().map(encode).collect::<Result<Vec<String>, _>>()?;
        self.database().write("keep spans", |tx| {
            let number: Option<i64> = tx
                .prepare_cached("SELECT number FROM job WHERE instance = ?1 AND id = ?2")?
                .query_row(params![job.instance.as_str(), job.job.as_str()], |row| row.get(0))
                .optional()?;
            let number = number.ok_or_else(|| unknown(job))?;
            // How long a body is stands before it: none of them is read for that.
            let (mut seq, mut bytes): (u32, i64) = tx
                .prepare_cached(
                    "SELECT count(*), coalesce(sum(octet_length(body)), 0) FROM span WHERE job = ?1",
                )?
                .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut insert = tx.prepare_cached("INSERT INTO span (job, seq, body) VALUES (?1, ?2, ?3)")?;
            let mut kept = 0;
            for body in &bodies {
                bytes = bytes.saturating_add(i64::try_from(body.len()).unwrap_or(i64::MAX));
                if seq >= Self::MOST_SPANS || bytes > Self::MOST_SPAN_BYTES.into() {
                    break;
                }
                insert.execute(params![number, seq, body])?;
                (seq, kept) = (seq + 1, kept + 1);
            }
            Ok(kept)
        })
    }

    /// The spans of a job from this number on, in the order in which they came.
    pub fn spans(&self, job: &JobKey, from: u32) -> Result<Vec<ReceivedSpan>, StoreError> {
        let bodies: Vec<String> = self.database().read("read spans", |tx| {
            tx.prepare_cached(
                "SELECT body FROM span JOIN job ON job.number = span.job
                 WHERE instance = ?1 AND id = ?2 AND seq >= ?3 ORDER BY seq",
            )?
            .query_map(params![job.instance.as_str(), job.job.as_str(), from], |row| row.get(0))?
            .collect()
        })?;
        bodies.iter().map(|body| self.decode(body, "a span", job)).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pt_model::InstanceId;
    use serde_json::json;

    use super::*;

    fn span(body: &str) -> ReceivedSpan {
        let service = "web".to_owned();
        ReceivedSpan {
            service,
            scope: String::new(),
            step: None,
            container: None,
            body: json!({"name": body}),
        }
    }

    #[test]
    fn spans_go_with_their_job_and_find_so_much_room() {
        let store = Store::in_memory().unwrap();
        let job = store.create_job(&InstanceId::new("shop"), "stack", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(store.add_spans(&job, &[span("a"), span("b")]).unwrap(), 2);
        assert_eq!(store.add_spans(&job, &[span("c")]).unwrap(), 1);
        assert_eq!(store.spans(&job, 1).unwrap(), [span("b"), span("c")]);

        let large = span(&"x".repeat(Store::MOST_SPAN_BYTES as usize / 2));
        assert_eq!(store.add_spans(&job, &[large.clone(), large]).unwrap(), 1);
        let many = vec![span("d"); Store::MOST_SPANS as usize];
        assert_eq!(store.add_spans(&job, &many).unwrap(), many.len() - 4);
        assert_eq!(store.add_spans(&job, &many).unwrap(), 0);

        store.delete_job(&job).unwrap();
        assert_eq!(store.spans(&job, 0).unwrap(), []);
        assert!(store.add_spans(&job, &many).is_err());
    }
}
