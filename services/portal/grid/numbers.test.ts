/** Numbers as people write them; run with `npm test`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readTable, writeTable } from "./clipboard.ts";
import { read, show } from "./numbers.ts";

const WRITTEN: [string, string, string?][] = [
  ["1.234,5", "ok", "1234.5"],
  ["1234,5", "ok", "1234.5"],
  ["-3", "ok", "-3"],
  ["(3)", "ok", "-3"],
  ["12 %", "ok", "12"],
  ["1.234", "ambiguous", "1234"],
  ["1.234.567", "ok", "1234567"],
  ["007,50", "ok", "7.5"],
  ["-0", "ok", "0"],
  ["", "ok", ""],
  ["-", "ok", "-"],
  ["X", "ok", "x"],
  ["1e5", "invalid"],
  ["12.34", "invalid"],
  ["1,2,3", "invalid"],
  ["abc", "invalid"],
];

for (const [typed, kind, text] of WRITTEN)
  test(`“${typed}” is read as ${kind} ${text ?? ""}`, () => {
    const found = read(typed);
    assert.equal(found.kind, kind);
    if (found.kind !== "invalid") assert.equal(found.text, text);
  });

test("a figure is shown with grouping and a decimal comma, digits exact", () => {
  assert.equal(show("1234567890123456789.25"), "1.234.567.890.123.456.789,25");
  assert.equal(show("-12"), "-12");
  assert.equal(show("-"), "–");
});

test("a table from Excel is read with CRLF, a final newline and quoted cells", () => {
  assert.deepEqual(readTable('1\t"a\tb"\r\n"c ""d"""\t\r\n'), [["1", "a\tb"], ['c "d"', ""]]);
});

test("a table that is written is read back", () => {
  const table = [["1,5", 'x "y"'], ["", "a\tb"]];
  assert.deepEqual(readTable(writeTable(table)), table);
});
