// SPDX-License-Identifier: GPL-3.0-or-later

//! What every peer function does: the event says what, and all five answer alike.

use lambda_runtime::streaming::{channel, Body, Response};
use lambda_runtime::{run, service_fn, Error, FunctionResponse, LambdaEvent};
use serde_json::{json, Value};

#[derive(Debug)]
struct PeerError(&'static str);

impl std::fmt::Display for PeerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for PeerError {}

type Answer = FunctionResponse<Value, Body>;

/// Streams the chunks one by one. With a gate, a named pipe: reads it after the first chunk, so that a caller can show
/// that it had the first before the second was made.
fn stream(event: Value) -> Answer {
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for (i, chunk) in event["chunks"].as_array().unwrap().iter().enumerate() {
            if let (1, Some(gate)) = (i, event["gate"].as_str().map(String::from)) {
                let _ = tokio::task::spawn_blocking(move || std::fs::read(gate)).await;
            }
            let text = match chunk.as_u64() {
                Some(size) => "x".repeat(size as usize),
                None => chunk.as_str().unwrap().to_string(),
            };
            if sender.send_data(text.into()).await.is_err() {
                return;
            }
        }
        match event["do"].as_str() {
            Some("fail late") => sender.send_error(lambda_runtime_api_client::Error::new(PeerError("asked to fail late"))),
            Some("exit late") => std::process::exit(7),
            _ => {}
        }
    });
    FunctionResponse::StreamingResponse(Response::from(body))
}

fn tell(event: LambdaEvent<Value>) -> Value {
    let context = event.context;
    json!({
        "id": context.request_id,
        "arn": context.invoked_function_arn,
        "memory": context.env_config.memory,
        "left_ms": context.deadline().duration_since(std::time::SystemTime::now()).unwrap_or_default().as_millis() as u64,
        "trace": context.xray_trace_id,
        "custom": context.client_context.map(|c| c.custom),
    })
}

async fn handle(event: LambdaEvent<Value>) -> Result<Answer, Error> {
    let what = event.payload["do"].as_str().unwrap_or("").to_string();
    println!("peer handles {what}");
    let answer = match what.as_str() {
        "echo" => event.payload,
        "tell" => tell(event),
        "exit" => std::process::exit(7),
        "big" => Value::from("x".repeat(event.payload["size"].as_u64().unwrap() as usize - 2)), // and two quotes
        "panic" => panic!("asked to panic"),
        _ if event.payload["chunks"].is_array() => return Ok(stream(event.payload)),
        _ => return Err(PeerError("asked to fail").into()),
    };
    Ok(FunctionResponse::BufferedResponse(answer))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
