// SPDX-License-Identifier: GPL-3.0-or-later
// The smallest function in Node.js: says hello.
export const handler = async () => ({ message: "hello from Node.js" });
