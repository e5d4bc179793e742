import { graphql } from "relay-runtime";

export const page = graphql`
  fragment Penalties_page on Query
  @refetchable(queryName: "PenaltiesPageQuery")
  @argumentDefinitions(id: { type: "SubjectKey!" }, first: { type: "Int", defaultValue: 1 }, after: { type: "String" }) {
    subject(id: $id) {
      administrativePenalties(first: $first, after: $after) @connection(key: "Penalties_administrativePenalties") {
        edges {
          node {
            documentNo
          }
        }
      }
    }
  }
`;

export const query = graphql`
  query PenaltiesQuery($id: SubjectKey!) {
    ...Penalties_page @arguments(id: $id)
  }
`;
