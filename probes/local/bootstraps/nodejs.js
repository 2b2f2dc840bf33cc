// SPDX-License-Identifier: GPL-3.0-or-later
// Runtime client for nodejs: one keep-alive connection to the Runtime API. CommonJS and ES module
// handlers; async functions, promises and callbacks.
'use strict';
const net = require('net');
const path = require('path');

const API = process.env.AWS_LAMBDA_RUNTIME_API;
const BASE = '/2018-06-01/runtime/';
let requestId = 'undefined';

// One request at a time on one socket: a plain socket costs a tenth of the http module's CPU time,
// which at 128 MB is the difference between one scheduling period and several.
class Connection {
    constructor() {
        const [host, port] = API.split(':');
        this.pending = Buffer.alloc(0);
        this.socket = net.connect({ host, port: Number(port), noDelay: true });
        this.socket.on('data', (part) => {
            this.pending = this.pending.length ? Buffer.concat([this.pending, part]) : part;
            this.tryAnswer();
        });
        this.socket.on('close', () => process.exit(1)); // the service is gone
        this.socket.on('error', () => process.exit(1));
    }

    request(method, route, body, headers) {
        const payload = Buffer.from(body || '');
        let head = `${method} ${BASE}${route} HTTP/1.1\r\nHost: ${API}\r\nContent-Length: ${payload.length}\r\n`;
        for (const [name, value] of Object.entries(headers || {}))
            head += `${name}: ${value}\r\n`;
        this.socket.write(Buffer.concat([Buffer.from(head + '\r\n', 'latin1'), payload]));
        return new Promise((resolve) => (this.resolve = resolve));
    }

    tryAnswer() {
        const end = this.pending.indexOf('\r\n\r\n');
        if (end < 0)
            return;
        const [first, ...lines] = this.pending.toString('latin1', 0, end).split('\r\n');
        const headers = {};
        for (const line of lines) {
            const at = line.indexOf(':');
            headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
        }
        const size = end + 4 + Number(headers['content-length'] || 0);
        if (this.pending.length < size)
            return;
        const body = this.pending.subarray(end + 4, size);
        this.pending = this.pending.subarray(size);
        this.resolve({ status: Number(first.split(' ')[1]), headers, body });
    }
}

const connection = new Connection();

function patchConsole() {
    const levels = { log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', debug: 'DEBUG', trace: 'TRACE' };
    for (const [name, level] of Object.entries(levels)) {
        console[name] = (...args) => {
            const text = require('util').format(...args).replace(/\n/g, '\r');
            process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
        };
    }
}

function describe(error) {
    const isError = error instanceof Error;
    return {
        errorType: isError ? error.name : typeof error,
        errorMessage: isError ? error.message : String(error),
        stackTrace: isError && error.stack ? error.stack.split('\n') : [],
    };
}

async function report(route, label, detail) {
    console.error(label, '\t', JSON.stringify(detail));
    return connection.request('POST', route, JSON.stringify(detail), { 'Lambda-Runtime-Function-Error-Type': detail.errorType });
}

class NamedError extends Error {
    constructor(name, message) {
        super(message);
        this.name = name;
    }
}

function loadModule(file) {
    try {
        return require(file);
    } catch (error) {
        const isOther = error.code === 'MODULE_NOT_FOUND' && error.message.includes(`'${file}'`);
        if (error.code === 'ERR_REQUIRE_ESM' || isOther)
            return import(require('url').pathToFileURL(error.code === 'ERR_REQUIRE_ESM' ? require.resolve(file) : file + '.mjs').href);
        throw error;
    }
}

async function loadHandler() {
    const name = process.env._HANDLER;
    const at = name.lastIndexOf('.');
    if (at < 1)
        throw new NamedError('Runtime.MalformedHandlerName', `Bad handler '${name}'`);
    const file = path.resolve(process.env.LAMBDA_TASK_ROOT, name.slice(0, at));
    let loaded;
    try {
        loaded = await loadModule(file);
    } catch (error) {
        if (error instanceof SyntaxError)
            error.name = 'Runtime.UserCodeSyntaxError';
        else if (/MODULE_NOT_FOUND/.test(error.code || ''))
            error.name = 'Runtime.ImportModuleError';
        throw error;
    }
    const key = name.slice(at + 1);
    const handler = loaded[key] || (loaded.default && loaded.default[key]);
    if (typeof handler !== 'function')
        throw new NamedError('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
    return handler;
}

function contextOf(headers) {
    const env = process.env;
    const deadline = Number(headers['lambda-runtime-deadline-ms']);
    const client = headers['lambda-runtime-client-context'];
    return {
        awsRequestId: headers['lambda-runtime-aws-request-id'],
        invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
        functionName: env.AWS_LAMBDA_FUNCTION_NAME,
        functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
        memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
        logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
        logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
        clientContext: client ? JSON.parse(client) : undefined,
        callbackWaitsForEmptyEventLoop: true,
        getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    };
}

function call(handler, event, context) {
    return new Promise((resolve, reject) => {
        const callback = (error, result) => (error ? reject(error) : resolve(result));
        const result = handler(event, context, callback);
        if (result && typeof result.then === 'function')
            result.then(resolve, reject);
        else if (handler.length < 3)
            resolve(result);
    });
}

async function serve(handler) {
    for (;;) {
        const { status, headers, body } = await connection.request('GET', 'invocation/next');
        if (status !== 200)
            process.exit(1);
        requestId = headers['lambda-runtime-aws-request-id'];
        process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] || '';
        const route = `invocation/${requestId}`;
        let answer;
        try {
            const result = await call(handler, JSON.parse(body.toString()), contextOf(headers));
            answer = JSON.stringify(result === undefined ? null : result);
        } catch (error) {
            await report(`${route}/error`, 'Invoke Error', describe(error));
            continue;
        }
        await connection.request('POST', `${route}/response`, answer, { 'Content-Type': 'application/json' });
    }
}

async function main() {
    patchConsole();
    let handler;
    try {
        handler = await loadHandler();
    } catch (error) {
        await report('init/error', 'Uncaught Exception', describe(error));
        process.exit(1);
    }
    await serve(handler);
}

main();
