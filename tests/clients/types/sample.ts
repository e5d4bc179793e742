// What a partner's program does with the types that were made of its question; the wrong lines must not compile.
import type { CheckQuery, CheckQueryVariables } from "./types";

export const asked: CheckQueryVariables = { id: { uscc: "91370203DEM801006B" }, status: ["ACTIVE"] };
// @ts-expect-error a status that no list has
export const odd: CheckQueryVariables = { id: { uscc: "91370203DEM801006B" }, status: ["NEVER"] };

export function fines(answer: CheckQuery): string[] {
  const found = answer.subject?.administrativePenalties.nodes ?? [];
  // @ts-expect-error a field that was not asked
  found.map((penalty) => penalty.procedure);
  // @ts-expect-error a withheld field is null, so it cannot be taken for text
  found.map((penalty): string => penalty.documentNo);
  return found.flatMap((penalty) => (penalty.fineAmountWan ? [penalty.fineAmountWan] : []));
}
