// One request per line in, one answer per line out, in order: {"id", "op", ...} -> {"id", "ok"} or {"id", "error"}.
import {createInterface} from 'node:readline';
import {described, operations} from './operations.mjs';

// The libraries warn on the console; answers own standard output.
console.log = console.info = console.warn = console.debug = console.error;

for await (const line of createInterface({input: process.stdin, crlfDelay: Infinity})) {
  const {id, op, ...request} = JSON.parse(line);
  let answer;
  try {
    if(!Object.hasOwn(operations, op)) {
      throw new Error(`no such operation: ${op}`);
    }
    answer = {id, ok: await operations[op](request) ?? null};
  } catch(error) {
    answer = {id, error: described(error)};
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
