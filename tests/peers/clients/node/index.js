// SPDX-License-Identifier: GPL-3.0-or-later
// What every peer function does: the event says what, and all five answer alike.
'use strict';

class PeerError extends Error {
  constructor(message) {
    super(message);
    this.name = 'PeerError';
  }
}

const does = {
  echo: (event) => event,
  tell: (event, context) => ({
    id: context.awsRequestId,
    arn: context.invokedFunctionArn,
    memory: Number(context.memoryLimitInMB),
    left_ms: context.getRemainingTimeInMillis(),
    trace: process.env._X_AMZN_TRACE_ID,
    custom: context.clientContext ? context.clientContext.custom : null,
  }),
  fail: () => {
    throw new PeerError('asked to fail');
  },
  exit: () => process.exit(7),
  big: (event) => 'x'.repeat(event.size - 2), // and two quotes
};

exports.handler = async (event, context) => {
  console.log('peer handles', event.do);
  return does[event.do](event, context);
};

// Streams event.chunks one by one. With `gate`, a file: waits for it to appear after the first chunk, so that a
// caller can show that it had the first before the second was made. Then fails or leaves if asked to.
const fs = require('fs');
const path = require('path');

function appears(file) {
  return new Promise((resolve) => {
    const watcher = fs.watch(path.dirname(file), () => {
      if (fs.existsSync(file)) {
        watcher.close();
        resolve();
      }
    });
    if (fs.existsSync(file)) {
      watcher.close();
      resolve();
    }
  });
}

exports.stream = awslambda.streamifyResponse(async (event, response) => {
  response.setContentType('text/plain');
  if (event.do === 'fail') throw new PeerError('asked to fail');
  for (const [i, chunk] of event.chunks.entries()) {
    if (i === 1 && event.gate) await appears(event.gate);
    const text = typeof chunk === 'number' ? 'x'.repeat(chunk) : chunk;
    if (!response.write(text)) await new Promise((resolve) => response.once('drain', resolve));
  }
  if (event.do === 'fail late') throw new PeerError('asked to fail late');
  if (event.do === 'exit late') process.exit(7);
  response.end();
  await response.finished?.();
});
