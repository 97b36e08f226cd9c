import { describe, expect, test } from "vitest";
import {
  expectAccessible,
  expectNoOverflow,
  openPage,
  PHONE,
  screenshot,
  settled,
  useBrowser,
  WIDE,
} from "./browser.ts";
import { NAMESPACE, useServer } from "./fixture.ts";

const server = useServer();
const browser = useBrowser();
const files = `/ui/files/${NAMESPACE}`;
const found = () => server().api.json<string[]>({ path: `/namespaces/${NAMESPACE}/files/search?q=` });
const text = async (path: string) =>
  (await server().api.send({ path: `/namespaces/${NAMESPACE}/files?path=${encodeURIComponent(path)}` })).text;

describe("the page of a namespace's files", () => {
  test("a file is made, written, saved, renamed, compared with its past, restored and deleted", async () => {
    const { page, context, troubles } = await openPage(browser(), server().url, { viewport: WIDE });
    await page.goto(files);
    await page.getByText("No files yet").waitFor();
    await screenshot(page, "files-empty");
    await page.getByRole("button", { name: "New file" }).click();
    const dialog = page.getByRole("dialog", { name: "New file" });
    await dialog.getByLabel("Path").fill("scripts/../x");
    expect(await dialog.getByRole("button", { name: "Create" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Path").fill("scripts/hello.py");
    await expectAccessible(page, "new file");
    await dialog.getByRole("button", { name: "Create" }).click();

    const editor = page.getByRole("textbox", { name: /Text of scripts\/hello.py/ });
    await editor.fill("print('one')");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("button", { name: "Saved" }).waitFor();
    expect(await text("/scripts/hello.py")).toBe("print('one')");
    await editor.fill("print('two')");
    await page.keyboard.press("Control+s");
    await page.getByRole("button", { name: "Saved" }).waitFor();
    expect(await text("/scripts/hello.py")).toBe("print('two')");

    await page.getByRole("button", { name: "Revisions" }).click();
    await page.getByRole("group", { name: /Difference between revision 2/ }).waitFor();
    await expectAccessible(page, "revisions of a file");
    await screenshot(page, "files-revisions");
    await page.getByRole("button", { name: "Restore revision 2" }).click();
    await page.getByText("Revision 2 is the newest again").waitFor();
    expect(await text("/scripts/hello.py")).toBe("print('one')");

    await page.getByRole("button", { name: "Actions for scripts/hello.py" }).click();
    await page.getByRole("button", { name: "Rename or move" }).click();
    await page.getByRole("dialog", { name: "Rename or move" }).getByLabel("Path").fill("lib/greet.py");
    await page.getByRole("button", { name: "Move", exact: true }).click();
    await page.getByRole("textbox", { name: /Text of lib\/greet.py/ }).waitFor();
    expect(await found()).toEqual(["/lib/greet.py"]);

    await page.getByRole("button", { name: "Actions for lib", exact: true }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const asked = page.getByRole("dialog", { name: "Delete /lib?" });
    await asked.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("No files yet").waitFor();
    expect(await found()).toEqual([]);
    expect(troubles).toEqual([]);
    await context.close();
  });

  test("files and folders are dropped on it, and chosen", async () => {
    const { page, context, troubles } = await openPage(browser(), server().url);
    await page.goto(files);
    await settled(page);
    const transfer = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(["a,b"], "data.csv"));
      data.items.add(new File([new Uint8Array([0, 1, 255])], "logo.bin"));
      return data;
    });
    await page.dispatchEvent("main", "dragover", { dataTransfer: transfer });
    await page.getByText("Drop into /").waitFor();
    await page.dispatchEvent("main", "drop", { dataTransfer: transfer });
    await page.getByText("Uploaded 2 files").waitFor();
    await page
      .getByLabel("Files to upload")
      .setInputFiles([{ name: "more.txt", mimeType: "text/plain", buffer: Buffer.from("more") }]);
    await page.getByText("Uploaded more.txt").waitFor();
    expect(await found()).toEqual(["/data.csv", "/logo.bin", "/more.txt"]);
    await page.getByRole("button", { name: "logo.bin", exact: true }).click();
    await page.getByText("No text").waitFor();
    await page.goBack();
    expect(troubles).toEqual([]);
    await context.close();
  });

  for (const scheme of ["light", "dark"] as const) {
    test(`is readable and fits on a desk and on a phone, in ${scheme}`, async () => {
      for (const [path, content] of [
        ["/src/deep/main.py", "print(1)"],
        ["/readme.yml", "a: 1 # {{ x }}"],
      ] as const)
        await server().api.upload(`/namespaces/${NAMESPACE}/files?path=${path}`, "fileContent", content);
      for (const viewport of [WIDE, PHONE]) {
        const { page, context, troubles } = await openPage(browser(), server().url, { scheme, viewport });
        for (const [name, address] of [
          ["tree", files],
          ["open", `${files}?file=src%2Fdeep%2Fmain.py`],
          ["missing", `${files}?file=nothing`],
          ["choose", "/ui/files"],
        ] as const) {
          await page.goto(address);
          await settled(page);
          if (name === "open") await page.getByRole("textbox", { name: /Text of/ }).waitFor();
          await expectNoOverflow(page, `files ${name}`);
          await expectAccessible(page, `files ${name} ${scheme} ${viewport.width}`);
          await screenshot(page, `files-${name}-${scheme}-${viewport.width}`);
        }
        // The missing file was asked for, and the browser says so itself.
        expect(troubles.filter((trouble) => !trouble.includes("404"))).toEqual([]);
        await context.close();
      }
    });
  }
});
