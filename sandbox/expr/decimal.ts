import { failure } from "./errors.ts";

const TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;
/** More digits than this, before or after the point, are refused: each step would cost too much. */
const MAX_DIGITS = 2_000;
/** Significant digits of a quotient (Java's MathContext.DECIMAL128). */
const QUOTIENT_DIGITS = 34;

/** Java's BigDecimal: `unscaled` divided by ten to the power of `scale`. `1.50` keeps its zero. */
export class Decimal {
  readonly unscaled: bigint;
  readonly scale: number;

  constructor(unscaled: bigint, scale: number) {
    if (Math.abs(scale) > MAX_DIGITS || digitsOf(unscaled) > MAX_DIGITS) {
      throw failure(`A decimal may have at most ${MAX_DIGITS} digits: use a double for such numbers.`);
    }
    this.unscaled = unscaled;
    this.scale = scale;
  }

  /** As Java prints it: plain, or with an exponent where the point is far away. */
  toString(): string {
    const sign = this.unscaled < 0n ? "-" : "";
    const digits = magnitude(this.unscaled).toString();
    const exponent = digits.length - 1 - this.scale;
    if (this.scale === 0) return sign + digits;
    if (this.scale > 0 && exponent >= -6) {
      const padded = digits.padStart(this.scale + 1, "0");
      return `${sign}${padded.slice(0, -this.scale)}.${padded.slice(-this.scale)}`;
    }
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}E${exponent < 0 ? "" : "+"}${exponent}`;
  }

  plus(other: Decimal): Decimal {
    const scale = Math.max(this.scale, other.scale);
    return new Decimal(this.at(scale) + other.at(scale), scale);
  }

  minus(other: Decimal): Decimal {
    return this.plus(new Decimal(-other.unscaled, other.scale));
  }

  times(other: Decimal): Decimal {
    return new Decimal(this.unscaled * other.unscaled, this.scale + other.scale);
  }

  /** Up to 34 digits, rounded half to even; no more zeros at the end than the operands ask for. */
  dividedBy(other: Decimal): Decimal {
    if (other.unscaled === 0n) throw failure("/ by zero");
    const wanted = this.scale - other.scale;
    if (this.unscaled === 0n) return new Decimal(0n, wanted);
    const more = Math.max(0, QUOTIENT_DIGITS + 2 + digitsOf(other.unscaled) - digitsOf(this.unscaled));
    const dividend = this.unscaled * 10n ** BigInt(more);
    const sticky = dividend % other.unscaled === 0n ? 0n : 1n;
    // One more digit tells the rounding that something follows.
    const quotient = magnitude(dividend / other.unscaled) * 10n + sticky;
    const isNegative = this.unscaled < 0n !== other.unscaled < 0n;
    return roundedTo(QUOTIENT_DIGITS, { digits: quotient, scale: wanted + more + 1, isNegative, wanted });
  }

  remainder(other: Decimal): Decimal {
    if (other.unscaled === 0n) throw failure("/ by zero");
    const scale = Math.max(this.scale, other.scale);
    return new Decimal(this.at(scale) % other.at(scale), scale);
  }

  /** Below zero, zero or above zero, by value: 1.5 and 1.50 are the same. */
  compareTo(other: Decimal): number {
    const scale = Math.max(this.scale, other.scale);
    const [left, right] = [this.at(scale), other.at(scale)];
    return left < right ? -1 : left > right ? 1 : 0;
  }

  private at(scale: number): bigint {
    return this.unscaled * 10n ** BigInt(scale - this.scale);
  }
}

/** The decimal that the text means; undefined when it is no number. */
export function parseDecimal(text: string): Decimal | undefined {
  const found = text.length > MAX_DIGITS * 2 ? null : TEXT.exec(text);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = found ?? [];
  if (whole + fraction === "") return undefined;
  const unscaled = BigInt(whole + fraction);
  return new Decimal(sign === "-" ? -unscaled : unscaled, fraction.length - Number(exponent));
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function digitsOf(value: bigint): number {
  return magnitude(value).toString().length;
}

type Rounding = { digits: bigint; scale: number; isNegative: boolean; wanted: number };

function roundedTo(most: number, { digits, scale, isNegative, wanted }: Rounding): Decimal {
  const cut = Math.max(0, digitsOf(digits) - most);
  const unit = 10n ** BigInt(cut);
  const rest = (digits % unit) * 2n;
  let kept = digits / unit;
  if (rest > unit || (rest === unit && kept % 2n === 1n)) kept++;
  let keptScale = scale - cut;
  while (keptScale > wanted && kept % 10n === 0n) {
    kept /= 10n;
    keptScale--;
  }
  return new Decimal(isNegative ? -kept : kept, keptScale);
}
