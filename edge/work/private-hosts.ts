// Hosts that are not the public internet, as far as their name shows it. URL has already made one form of all spellings of
// an address (`0x7f.1`, `2130706433`, `[::ffff:7f00:1]`).

const PRIVATE_V4: readonly (readonly [number, number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xe0000000, 4],
  [0xf0000000, 4],
];
const PRIVATE_NAMES = [".localhost", ".local", ".internal", ".home.arpa"];

function isPrivateV4(address: number): boolean {
  return PRIVATE_V4.some(([network, bits]) => address >>> (32 - bits) === network >>> (32 - bits));
}

function v4(host: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  if (match === null) return undefined;
  return match.slice(1).reduce((address, part) => (address << 8) | Number(part), 0) >>> 0;
}

/** The eight groups of an IPv6 address. */
function v6(host: string): number[] | undefined {
  if (!host.startsWith("[") || !host.endsWith("]")) return undefined;
  const [head = "", tail] = host.slice(1, -1).split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  return tail === undefined
    ? first
    : [...first, ...Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0), ...last];
}

function isPrivateV6(groups: readonly number[]): boolean {
  const [a = 0, b = 0] = groups;
  const [high = 0, low = 0] = groups.slice(6);
  const embedded = ((high << 16) | low) >>> 0;
  const leading = groups.slice(0, 6).every((group, index) => group === 0 || (group === 0xffff && index >= 4));
  if (leading) return embedded < 2 || isPrivateV4(embedded);
  if (a === 0x64 && b === 0xff9b) return isPrivateV4(embedded);
  if (a === 0x2002) return isPrivateV4(((b << 16) | (groups[2] ?? 0)) >>> 0);
  return (a & 0xfe00) === 0xfc00 || (a & 0xffc0) === 0xfe80 || (a & 0xff00) === 0xff00;
}

/** True for `URL.hostname`s that name a private, local or reserved address. A name that resolves to one is refused on connecting. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  const address = v4(host);
  if (address !== undefined) return isPrivateV4(address);
  const groups = v6(host);
  if (groups !== undefined) return isPrivateV6(groups);
  return host === "localhost" || !host.includes(".") || PRIVATE_NAMES.some((suffix) => host.endsWith(suffix));
}
