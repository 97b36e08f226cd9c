import { AnsiUp } from "ansi_up";
import { describe, expect, test } from "vitest";
import { parseAnsi, stripAnsi } from "./ansi.ts";

const E = "\u001b";

describe("parseAnsi", () => {
  test("colours begin and end", () => {
    expect(parseAnsi(`a${E}[31mb${E}[0mc`)).toEqual([{ text: "a" }, { text: "b", color: "c1" }, { text: "c" }]);
  });
  test("styles add up, and 22 takes bold away alone", () => {
    expect(parseAnsi(`${E}[1;4;92mx${E}[22my`)).toEqual([
      { text: "x", bold: true, underline: true, color: "c10" },
      { text: "y", underline: true, color: "c10" },
    ]);
  });
  test.each([
    ["38;5;9", "c9"],
    ["38;5;196", "#ff0000"],
    ["38;5;244", "#808080"],
    ["38;2;1;2;255", "#0102ff"],
    ["38;2;1;2;999", undefined],
  ])("extended colour %s", (code, color) => expect(parseAnsi(`${E}[${code}mx`)[0]?.color).toBe(color));
  test("[A2] cursor movement, links and unfinished sequences vanish", () => {
    expect(stripAnsi(`${E}[2Ka${E}]8;;https://x\u0007b${E}]8;;\u0007c${E}[3`)).toBe("abc");
  });
  test("text is never read as HTML", () => {
    expect(parseAnsi("<b>&amp;</b>")).toEqual([{ text: "<b>&amp;</b>" }]);
  });
  test("[A1] agrees with another reader on what the text is", () => {
    const reader = new AnsiUp();
    reader.escape_html = false;
    for (const text of [`${E}[1;31mone${E}[0m two`, `a${E}[38;5;120mb${E}[48;2;1;2;3mc${E}[mD`, "plain"]) {
      expect(stripAnsi(text)).toBe(reader.ansi_to_html(text).replaceAll(/<[^>]*>/g, ""));
    }
  });
});
