//! The sink that POSTs to a URL: the JSON line of an outcome, signed by Standard Webhooks. It follows no redirect and
//! sends no key.

use std::future::Future;
use std::pin::Pin;

use super::{Notification, Sink, SinkResult};
use crate::service::signature::{SigningSecret, seconds};
use crate::service::webhook_client::{Address, WebhookClient};
use crate::world::World;

/// The status with which an application stops further deliveries (Standard Webhooks, "Delivery failure").
const GONE: u16 = 410;

/// A URL that receives outcomes.
pub struct Forward {
    /// The URL.
    pub to: Address,
    /// The secret for the signature.
    pub secret: SigningSecret,
    /// The HTTP client.
    pub webhook_client: WebhookClient,
    /// The clock.
    pub world: World,
}

impl Sink for Forward {
    fn name(&self) -> String {
        self.to.to_string()
    }

    fn hand<'a>(&'a self, notification: &'a Notification) -> Pin<Box<dyn Future<Output = SinkResult> + Send + 'a>> {
        Box::pin(async {
            let now = self.world.now();
            let headers = [
                ("webhook-id", notification.id.clone()),
                ("webhook-timestamp", seconds(now).to_string()),
                ("webhook-signature", self.secret.sign(&notification.id, now, &notification.line)),
            ];
            let to = &self.to;
            match self.webhook_client.hand(to, "application/json", &headers, notification.line.clone().into_bytes()).await {
                Ok(answered) if answered.is_success() => SinkResult::Over,
                Ok(answered) if answered.status == GONE => SinkResult::Closed(format!("{to} answered {GONE}: it accepts no more outcomes")),
                Ok(answered) => SinkResult::Failed { why: format!("{to} answered {}", answered.status), after: answered.retry_after },
                Err(why) => SinkResult::Failed { why: format!("{to}: {why}"), after: None },
            }
        })
    }
}
