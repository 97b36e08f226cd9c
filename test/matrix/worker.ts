import { type MatrixData, matrixResults } from "./spec.ts";

// The matrix as a Worker: data in, results out.

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(matrixResults((await request.json()) as MatrixData));
  },
};
