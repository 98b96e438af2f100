//! `signet demo`: the main job from end to end, each step told in a line with its time.

mod compare;
mod dataset;
mod probe;
mod stage;
mod story;

use crate::arguments::Demo;
use crate::output::Output;
use std::time::Instant;

/// Runs the demo; an error says which step did not hold.
pub(crate) async fn run(demo: Demo, output: Output) -> anyhow::Result<()> {
    let steps = Steps {
        output,
        begun: Instant::now(),
    };
    let stage = stage::Stage::set(&demo, &steps).await?;
    let told = story::tell(&stage, &steps).await;
    if told.is_ok() && demo.keep {
        stage.tell_how_to_log_in(output);
        tokio::signal::ctrl_c().await?;
    }
    stage.close().await;
    told?;
    output.tell(format_args!(
        "every step held ({:.1} s)",
        steps.begun.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Tells the steps.
struct Steps {
    output: Output,
    begun: Instant,
}

impl Steps {
    /// Runs a step and tells what came of it, or why it did not hold.
    async fn step<T>(
        &self,
        what: &str,
        step: impl Future<Output = anyhow::Result<(T, String)>>,
    ) -> anyhow::Result<T> {
        let begun = Instant::now();
        let done = step.await;
        let seconds = begun.elapsed().as_secs_f64();
        match done {
            Ok((value, came)) => {
                let came = if came.is_empty() {
                    came
                } else {
                    format!(": {came}")
                };
                self.output
                    .tell(format_args!("ok   {seconds:7.2} s  {what}{came}"));
                Ok(value)
            }
            Err(error) => {
                self.output
                    .tell(format_args!("FAIL {seconds:7.2} s  {what}"));
                Err(error.context(format!("the step `{what}` did not hold")))
            }
        }
    }
}
