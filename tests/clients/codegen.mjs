// graphql-codegen: typed TypeScript of a query. Arguments: a schema (SDL), a document, the file to write.
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";
import { readFileSync, writeFileSync } from "node:fs";

const [schema, document, filename] = process.argv.slice(2);
const text = "string";
const written = await codegen({
  schema: parse(readFileSync(schema, "utf8")),
  documents: [{ location: document, document: parse(readFileSync(document, "utf8")) }],
  filename,
  config: { scalars: { Date: text, DateTime: text, Money: text, RegionCode: text, _Any: "unknown" }, strictScalars: true },
  pluginMap: { operations },
  plugins: [{ operations: {} }],
});
writeFileSync(filename, written);
