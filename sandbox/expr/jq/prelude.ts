import type { Def } from "./ast.ts";
import { parseDefs } from "./parser.ts";

/** Built-in functions that jq itself can say. */
const SOURCE = `
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def select(f): if f then . else empty end;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type | . == "array" or . == "object");
def scalars: select(type | . != "array" and . != "object");
def recurse: recurse(.[]?);
def recurse(f; cond): recurse(f | select(cond));
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def _entry_key: if has("key") then .key elif has("k") then .k elif has("name") then .name elif has("Name") then .Name elif has("Key") then .Key elif has("K") then .K else null end | if type == "string" then . elif . == null then "null" else tojson end;
def _entry_value: if has("value") then .value elif has("v") then .v elif has("Value") then .Value elif has("V") then .V else null end;
def from_entries: reduce .[] as $x ({}; . + {($x | _entry_key): ($x | _entry_value)});
def with_entries(f): to_entries | map(f) | from_entries;
def add: reduce .[] as $x (null; . + $x);
def add(f): reduce f as $x (null; . + $x);
def any: any(.[]; .);
def all: all(.[]; .);
def any(f): any(.[]; f);
def all(f): all(.[]; f);
def any(g; c): isempty(first(g | c | select(.))) | not;
def all(g; c): isempty(first(g | c | select(. | not)));
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def first: .[0];
def last: .[-1];
def last(f): reduce f as $x (null; $x);
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("Out of bounds negative array index") else last(limit($n + 1; f)) end;
def isempty(g): first((g | false), true);
def paths: path(..) | select(length > 0);
def paths(f): path(.. | select(f)) | select(length > 0);
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def recurse_down: recurse;
def isvalid(f): try (f | true) catch false;
def have_literal_numbers: true;
def have_decnum: false;
def input_filename: null;
def stderr: .;
def halt: error("halt is of no use in an expression");
def halt_error: error;
def halt_error(f): error;
def get_search_list: [];
def INDEX(s; f): reduce s as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def skip($n; f): if $n > 0 then foreach f as $x ($n; . - 1; if . < 0 then $x else empty end) elif $n == 0 then f else error("Invalid arguments: skip count must not be negative") end;
def trimstr($x): ltrimstr($x) | rtrimstr($x);
def truncate_stream(s): . as $n | null | s | . as $input | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;
def fromstream(f): { x: null, e: false } as $init
  | foreach f as $i ($init;
      if .e then $init else . end
      | if $i | length == 2
        then setpath(["e"]; $i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1])
        else setpath(["e"]; $i[0] | length == 1) end;
      if .e then .x else empty end);
def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p)));
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): [group_by(f)[] | .[0]];
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def unique: unique_by(.);
def range($n): range(0; $n);
def join($sep): reduce .[] as $x (null; (if . == null then "" else . + $sep end) + ($x | if . == null then "" elif type == "string" then . else tojson end)) // "";
def ascii: [.] | implode;
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdate: fromdateiso8601;
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def todateiso8601: todate;
def date: todate;
def dateadd(u; n): . + n;
def datesub(u; n): . - n;
def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;
def env: {};
def debug: .;
def debug(f): .;
def input_line_number: 0;
def transpose: if . == [] then [] else . as $in | (map(length) | max) as $max | [range(0; $max) as $j | [range(0; $in | length) as $i | $in[$i][$j]]] end;
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def finites: select(isinfinite or isnan | not);
def normals: select(isnormal);
def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def match($re): match($re; null);
def test($re): test($re; null);
def capture($re): capture($re; null);
def capture($re; $flags): match($re; $flags) | [.captures | .[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def scan($re): scan($re; null);
def scan($re; $flags): match($re; "g" + $flags) | if (.captures | length) > 0 then [.captures | .[] | .string] else .string end;
def splits($re): splits($re; null);
def splits($re; $flags): split($re; $flags) | .[];
def sub($re; f): sub($re; f; null);
def gsub($re; f): sub($re; f; "g");
def gsub($re; f; $flags): sub($re; f; "g" + $flags);
def sub($re; f; $flags): . as $in
  | def names: [.captures | .[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
  def go($ms; $i; $at): if $i == ($ms | length) then $in[$at:]
    else $ms[$i] as $m | ($m | names | f) as $new
    | if ($new | type) == "string" then . else error("\\($new | type) cannot be added to a string") end
    | go($ms; $i + 1; $m.offset + $m.length) as $rest
    | $in[$at:$m.offset] + $new + $rest end;
  go([match($re; $flags)]; 0; 0);
`;

let prelude: ReadonlyMap<string, Def> | undefined;

/** By name and number of parameters, as in `map/1`. Read when first used. */
export function preludeDefs(): ReadonlyMap<string, Def> {
  prelude ??= new Map(parseDefs(SOURCE).map((def) => [`${def.name}/${def.params.length}`, def]));
  return prelude;
}
