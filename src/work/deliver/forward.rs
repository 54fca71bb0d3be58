//! The door to a URL: the line of an outcome, signed by Standard Webhooks. No redirect is followed, no key is sent.

use std::future::Future;
use std::pin::Pin;

use super::{Door, Hand, Letter};
use crate::service::courier::{Address, Courier};
use crate::service::signature::{SigningSecret, seconds};
use crate::world::World;

/// The status with which an application says that it wants no more (Standard Webhooks, "Delivery failure").
const GONE: u16 = 410;

/// A URL to hand outcomes to.
pub struct Forward {
    /// Where to.
    pub to: Address,
    /// What it is signed with.
    pub secret: SigningSecret,
    /// Who carries it.
    pub courier: Courier,
    /// What time it is.
    pub world: World,
}

impl Door for Forward {
    fn name(&self) -> String {
        self.to.to_string()
    }

    fn hand<'a>(&'a self, letter: &'a Letter) -> Pin<Box<dyn Future<Output = Hand> + Send + 'a>> {
        Box::pin(async {
            let now = self.world.now();
            let headers = [
                ("webhook-id", letter.id.clone()),
                ("webhook-timestamp", seconds(now).to_string()),
                ("webhook-signature", self.secret.sign(&letter.id, now, &letter.line)),
            ];
            let to = &self.to;
            match self.courier.hand(to, "application/json", &headers, letter.line.clone().into_bytes()).await {
                Ok(answered) if answered.is_success() => Hand::Over,
                Ok(answered) if answered.status == GONE => Hand::Closed(format!("{to} answered {GONE}: it accepts no more outcomes")),
                Ok(answered) => Hand::Failed { why: format!("{to} answered {}", answered.status), after: answered.retry_after },
                Err(why) => Hand::Failed { why: format!("{to}: {why}"), after: None },
            }
        })
    }
}
