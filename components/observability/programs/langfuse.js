// Runs one of Langfuse's two programs, `web` or `worker`, which take secrets from the environment and speak no TLS.
//
// Secrets are read from files and given to that one process. For `web` this program answers over TLS, with a certificate
// that is read anew when it changes, and passes bytes on to Langfuse on the pod's loopback; and it carries the migrations
// of ClickHouse, whose own switch for TLS would not look at the certificate, over a connection that does. When a secret
// changes, Langfuse is ended and the container starts anew with it.

"use strict";

const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const tls = require("node:tls");
const { spawn, spawnSync } = require("node:child_process");

const env = process.env;
const SECRETS = env.SECRETS_FOLDER || "/etc/langfuse/secrets";
const CERTIFICATE = env.CERTIFICATE_FILE || "/run/certificate/server.pem";
const LOOK_EVERY = Number(env.LOOK_SECONDS || 20) * 1000;
const SPREAD = Number(env.SPREAD_SECONDS || 30) * 1000;
const VARIABLES = {
  salt: "SALT",
  nextauth: "NEXTAUTH_SECRET",
  clickhouse: "CLICKHOUSE_PASSWORD",
  "project-key": "LANGFUSE_INIT_PROJECT_SECRET_KEY",
  "sign-on": "AUTH_CUSTOM_CLIENT_SECRET",
};
const COMMANDS = {
  web: ["./web/entrypoint.sh", "node", "./web/server.js", "--keepAliveTimeout", "110000"],
  worker: ["./worker/entrypoint.sh", "node", "worker/dist/index.js"],
};

function secrets() {
  const names = fs.readdirSync(SECRETS).filter((name) => fs.statSync(path.join(SECRETS, name)).isFile());
  return Object.fromEntries(names.sort().map((name) => [name, fs.readFileSync(path.join(SECRETS, name), "utf8").trim()]));
}

function environment(read) {
  const given = Object.fromEntries(
    Object.entries(VARIABLES).filter(([name]) => name in read).map(([name, variable]) => [variable, read[name]]),
  );
  const [scheme, host] = (env.PROXY_URL || "").split("://");
  const proxy = read.proxy ? { HTTPS_PROXY: `${scheme}://platform:${encodeURIComponent(read.proxy)}@${host}` } : {};
  return { ...env, ...given, ...proxy };
}

// Langfuse keeps the first key that it was given for a public key; after a renewal that one has to go first.
function forgetRenewedKey(environment) {
  const secret = environment.LANGFUSE_INIT_PROJECT_SECRET_KEY;
  const shown = `${secret.slice(0, 6)}...${secret.slice(-4)}`;
  const sql =
    "DO $$ BEGIN IF to_regclass('public.api_keys') IS NOT NULL THEN DELETE FROM public.api_keys " +
    `WHERE public_key = '${environment.LANGFUSE_INIT_PROJECT_PUBLIC_KEY}' AND display_secret_key <> '${shown}'; ` +
    "END IF; END $$;";
  const done = spawnSync("prisma", ["db", "execute", "--url", environment.DATABASE_URL, "--stdin"], {
    input: sql, env: environment, stdio: ["pipe", "inherit", "inherit"],
  });
  if (done.status !== 0) throw new Error("the database is out of reach, or refused its user");
}

// A side that ends says so only after what it sent has reached the other caller.
function pour(one, other) {
  one.pipe(other);
  other.pipe(one);
  for (const [from, to] of [[one, other], [other, one]]) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroySoon());
  }
}

function certificate() {
  const both = fs.readFileSync(CERTIFICATE);
  return { key: both, cert: both, minVersion: env.TLS_MIN_VERSION };
}

function answerOverTls(port, inner) {
  const server = tls.createServer(certificate(), (socket) => pour(socket, net.connect(inner, "127.0.0.1")));
  server.on("tlsClientError", () => {});
  server.listen(port, "0.0.0.0");
  let before = certificate().cert.toString();
  setInterval(() => {
    const now = certificate();
    if (now.cert.toString() === before) return;
    before = now.cert.toString();
    server.setSecureContext(now);
  }, LOOK_EVERY).unref();
}

function carryVerified(port, host, hostPort) {
  const authority = fs.readFileSync(env.NODE_EXTRA_CA_CERTS);
  const server = net.createServer((socket) => {
    pour(socket, tls.connect({ host, port: hostPort, servername: host, ca: authority, minVersion: env.TLS_MIN_VERSION }));
  });
  server.listen(port, "127.0.0.1");
}

function restartWhenRenewed(before, child) {
  setInterval(function look() {
    let now;
    try {
      now = secrets();
    } catch (error) {
      console.error(`kept what is running: ${error.message}`);
      return;
    }
    const changed = Object.keys(now).filter((name) => now[name] !== before[name]);
    if (changed.length === 0) return;
    clearInterval(this);
    console.error(`${changed.join(", ")} was renewed: starting anew`);
    setTimeout(() => child.kill("SIGTERM"), Math.random() * SPREAD);
  }, LOOK_EVERY);
}

function main(part) {
  const read = secrets();
  const whole = environment(read);
  if (part === "web") {
    answerOverTls(Number(env.TLS_PORT), Number(env.PORT));
    carryVerified(Number(env.MIGRATION_PORT), env.CLICKHOUSE_HOST, Number(env.CLICKHOUSE_NATIVE_PORT));
    forgetRenewedKey(whole);
  }
  const [command, ...rest] = COMMANDS[part];
  const child = spawn(command, rest, { env: whole, stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(error.message);
    process.exit(127);
  });
  child.on("exit", (code) => process.exit(code === null ? 0 : code));
  restartWhenRenewed(read, child);
}

main(process.argv[2]);
