// Starts the mail server of smtp_server.py, and reads mail as a mail program would.

import { execFileSync } from 'node:child_process';

import { Child, python, repositoryPath } from './process.mjs';
import { waitFor } from './wait.mjs';

/** Why there can be no mail server, or false. */
export function missingSmtpServer() {
  try {
    execFileSync(python, ['-c', 'import aiosmtpd'], { stdio: 'pipe' });
    return false;
  } catch {
    return 'needs the Debian package python3-aiosmtpd';
  }
}

export class SmtpServer {
  /** options: see smtp_server.py. */
  static async start(options = {}) {
    const server = new SmtpServer();
    server.child = new Child(python, [repositoryPath('tests/e2e/support/smtp_server.py'), JSON.stringify(options)]);
    const listening = await waitFor(() => {
      if (server.child.exit || server.child.failure) throw new Error(server.child.lastWords());
      return server.#happened('listening')[0];
    }, 20_000, 'the mail server to listen');
    server.port = listening.port;
    server.url = `smtp://127.0.0.1:${listening.port}`;
    return server;
  }

  /** The messages it took: {sender, recipients, tls, user, headers, subject, text, lines}. */
  get mails() {
    return this.#happened('mail').map((mail) => ({ ...mail, ...read(mail.content) }));
  }

  /** How often it put a message off. */
  get busy() {
    return this.#happened('busy').length;
  }

  async stop() {
    this.child.signal('SIGKILL');
    await this.child.ended();
  }

  #happened(kind) {
    const lines = this.child.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line)).filter((what) => what.kind === kind);
  }
}

/** The parts of a message (RFC 5322, with quoted-printable and encoded words in base64). `content` has a byte a character. */
function read(content) {
  const end = content.indexOf('\r\n\r\n');
  const headers = {};
  for (const line of content.slice(0, end).replaceAll(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const [, name, value] = line.match(/^([!-9;-~]+): (.*)$/s) ?? [];
    if (!name) throw new Error(`no header: ${line}`);
    if (name.toLowerCase() in headers) throw new Error(`${name} came twice`);
    headers[name.toLowerCase()] = value;
  }
  const words = headers.subject.replaceAll(/\?=\s+=\?/g, '?==?');
  const subject = words.replaceAll(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, digits) => Buffer.from(digits, 'base64').toString());
  const bytes = content.slice(end + 4).replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  return { headers, subject, text: Buffer.from(bytes, 'latin1').toString('utf8'), lines: content.split('\r\n') };
}
