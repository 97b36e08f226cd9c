import type { Vault } from "#shell/store.ts";

/** Seals nothing for real, but so that a sealed text does not hold the text. */
export const toyVault: Vault = {
  seal: (text) => `toy.${Buffer.from(text).toString("base64").split("").reverse().join("")}`,
  open: (sealed) => Buffer.from(sealed.slice(4).split("").reverse().join(""), "base64").toString(),
};
