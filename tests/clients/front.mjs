// A proxy that ends TLS: `node front.mjs CONFIG`, CONFIG being JSON with `to` (an http address) and `tls` ({key, cert}).
// It asks for the client's certificate and hands it on in the header Client-Cert (RFC 9440), replacing what came under
// that name. Prints its address when it answers, and ends with its standard input.
import { request } from "node:http";
import { createServer } from "node:https";

const { to, tls } = JSON.parse(process.argv[2]);
const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (asked, answer) => {
  const headers = { ...asked.headers };
  delete headers["client-cert"];
  const certificate = asked.socket.getPeerX509Certificate();
  if (certificate) headers["client-cert"] = `:${certificate.raw.toString("base64")}:`;
  const onward = request(new URL(asked.url, to), { method: asked.method, headers }, (answered) => {
    answer.writeHead(answered.statusCode, answered.headers);
    answered.pipe(answer);
  });
  onward.on("error", () => answer.destroy());
  asked.pipe(onward);
});
server.listen(0, "127.0.0.1", () => console.log(`https://127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
