/**
 * The columns of our Arrow tables and how values become vectors. Money and prices are Int64 in 1/10,000 dollar, exact; their fields
 * say so (`unit`, `scale`), so that a reader divides once and knowingly.
 */
import {
  type Data,
  type DataType,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  makeVector,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMillisecond,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import { UNITS_PER_DOLLAR } from "../../domain/units.ts";

export type ColumnKind = "instant" | "integer" | "big" | "money" | "text" | "real";
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly nullable?: boolean;
}
/** One row, in the order of its table's columns. Numbers (whole ones but for `real`), texts, or null where the column allows it. */
export type Row = readonly (number | string | null)[];
export interface TableShape {
  readonly table: string;
  /** Raised when columns change. */
  readonly version: number;
  readonly columns: readonly Column[];
}

const typeOf = (kind: ColumnKind): DataType => {
  switch (kind) {
    case "instant":
      return new TimestampMillisecond("UTC");
    case "integer":
      return new Int32();
    case "big":
    case "money":
      return new Int64();
    case "text":
      return new Utf8();
    case "real":
      return new Float64();
  }
};

const MONEY = new Map([
  ["unit", "USD"],
  ["scale", String(UNITS_PER_DOLLAR)],
]);

const fieldOf = ({ name, kind, nullable = false }: Column): Field =>
  new Field(name, typeOf(kind), nullable, kind === "money" ? MONEY : undefined);

export const schemaOf = (shape: TableShape): Schema =>
  new Schema(
    shape.columns.map(fieldOf),
    new Map([
      ["caretaker.table", shape.table],
      ["caretaker.version", String(shape.version)],
      ["caretaker.moneyScale", String(UNITS_PER_DOLLAR)],
    ]),
  );

/** A missing number becomes 0 under a cleared validity bit. */
const vectorOf = (column: Column, values: readonly (number | string | null)[]): Vector => {
  const type = typeOf(column.kind);
  if (column.kind === "text") return vectorFromArray(values as (string | null)[], type);
  const numbers = values as readonly (number | null)[];
  const nullCount = numbers.reduce<number>((count, value) => count + (value === null ? 1 : 0), 0);
  const data =
    column.kind === "integer"
      ? Int32Array.from(numbers, (value) => value ?? 0)
      : column.kind === "real"
        ? Float64Array.from(numbers, (value) => value ?? 0)
        : BigInt64Array.from(numbers, (value) => BigInt(value ?? 0));
  const validity = nullCount === 0 ? {} : { nullBitmap: bitmapOf(numbers), nullCount };
  return makeVector(makeData({ type, length: numbers.length, data, ...validity } as never) as never);
};

const bitmapOf = (values: readonly (number | null)[]): Uint8Array => {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, index) => {
    if (value !== null) bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
  });
  return bits;
};

/** A table of one record batch: the same rows give the same bytes. */
export const tableOf = (shape: TableShape, rows: readonly Row[]): Table => {
  const schema = schemaOf(shape);
  if (rows.length === 0) return new Table(schema);
  const children = shape.columns.map((column, index) => {
    const vector = vectorOf(
      column,
      rows.map((row) => row[index] as number | string | null),
    );
    return vector.data[0] as Data;
  });
  const struct = makeData({ type: new Struct(schema.fields), length: rows.length, children } as never);
  return new Table(schema, [new RecordBatch(schema, struct as never)]);
};

/** The rows of a table of this shape. */
export const rowsOf = (shape: TableShape, table: Table): Row[] => {
  const columns = shape.columns.map(({ name, kind }) => ({ kind, vector: table.getChild(name) }));
  return Array.from({ length: table.numRows }, (_, index) =>
    columns.map(({ kind, vector }) => {
      const value = vector?.get(index) as number | bigint | string | null | undefined;
      if (value === null || value === undefined) return null;
      return kind === "text" ? String(value) : Number(value);
    }),
  );
};
