/** What certbot's run came to, told from its output and its log. */
export type CertbotOutcome =
  | { kind: 'ended-well' }
  | { kind: 'wait'; why: 'rate-limited' | 'authority-away'; text: string; retryAfterMs?: number }
  | { kind: 'challenge-failed'; names: ChallengeFailure[] }
  /** certbot could not put the challenge where the authority would look. */
  | { kind: 'plugin-failed'; text: string }
  /** The image has no such plugin. */
  | { kind: 'no-plugin'; plugin: string }
  | { kind: 'account'; text: string }
  /** Another certbot works in the same folder. */
  | { kind: 'busy' }
  | { kind: 'failed'; text: string };

export interface ChallengeFailure {
  hostname: string;
  /** The authority's word for it: `unauthorized`, `connection`, `dns`, … */
  type: string;
  /** What the authority saw. */
  detail: string;
}

export interface CertbotRun {
  exitCode: number;
  output: string;
  /** letsencrypt.log, which has the authority's answers with their headers. */
  log: string;
}

const maxText = 400;
const longestWaitMs = 30 * 86_400_000;

/** The cause of a failed run; its exit code says only that there was one, and 0 does not say that it renewed. */
export function certbotOutcome({ exitCode, output, log }: CertbotRun, now: Date): CertbotOutcome {
  if (exitCode === 0) return { kind: 'ended-well' };
  const all = `${output}\n${log}`;
  if (/Another instance of Certbot is already running/.test(all)) return { kind: 'busy' };
  const names = challengeFailures(all);
  if (names.length > 0) return { kind: 'challenge-failed', names };
  const plugin = missingPlugin(output);
  if (plugin !== undefined) return { kind: 'no-plugin', plugin };
  // Before all else: a DNS server that does not answer is not an authority that is away.
  const [, failure] = /^certbot\.errors\.PluginError: (.+)$/m.exec(log) ?? [];
  if (failure !== undefined) return { kind: 'plugin-failed', text: shortened(failure) };
  const answer = lastRefusal(log);
  // certbot's own words may be of a mistake that it made with the authority's answer.
  const text = answer?.detail ?? reasonIn(output) ?? reasonIn(log) ?? `certbot ended with ${exitCode}`;
  if (
    answer?.status === 429 ||
    /acme:error:rateLimited|too many (?:requests|certificates|registrations|failed)/i.test(all)
  )
    return {
      kind: 'wait',
      why: 'rate-limited',
      text,
      ...waitOf(answer?.retryAfter ?? retryTimeIn(all), now),
    };
  if (accountTrouble.test(all)) return { kind: 'account', text };
  if ((answer?.status ?? 0) >= 500 || away.test(all))
    return { kind: 'wait', why: 'authority-away', text, ...waitOf(answer?.retryAfter, now) };
  return { kind: 'failed', text };
}

const accountTrouble =
  /acme:error:(?:accountDoesNotExist|externalAccountRequired|invalidContact|unsupportedContact|userActionRequired)|account is (?:deactivated|revoked|not valid)|Unable to register an account|AccountNotFound/i;
const away =
  /(?:ConnectionError|ConnectTimeout|ReadTimeout|NewConnectionError|NameResolutionError|RemoteDisconnected|ConnectionResetError)\b|Connection (?:refused|aborted|reset)|timed out|Temporary failure in name resolution|acme:error:serverInternal/i;

/** certbot's report of what the authority said of each name. */
export function challengeFailures(text: string): ChallengeFailure[] {
  const found = new Map<string, ChallengeFailure>();
  const report = /Domain:[ \t]*(\S+)\s*\n\s*Type:[ \t]*(\S+)\s*\n\s*Detail:[ \t]*([^\n]*)/g;
  for (const [, hostname = '', type = '', detail = ''] of text.matchAll(report)) {
    if (!found.has(hostname)) found.set(hostname, { hostname, type, detail: shortened(detail) });
  }
  return [...found.values()];
}

function missingPlugin(output: string): string | undefined {
  const [, unknown] = /unrecognized arguments: .*?--(dns-[a-z0-9-]+)/.exec(output) ?? [];
  const [, absent] = /requested (dns-[a-z0-9-]+) plugin does not appear to be installed/.exec(output) ?? [];
  return unknown ?? absent;
}

interface Refusal {
  status: number;
  retryAfter?: string;
  /** The authority's own words. */
  detail?: string;
}

/** The last answer in the log that refused something, with when to come back. */
function lastRefusal(log: string): Refusal | undefined {
  const answers = [
    ...log.matchAll(/^(?:.*Received response:\s*\n)?HTTP (\d{3})\n((?:[A-Za-z0-9-]+:.*\n)*)/gm),
  ];
  const refused = answers.filter(([, status]) => Number(status) >= 400).at(-1);
  if (refused === undefined) {
    const [, status] = /" (429|5\d\d) (?:\d+|None)\s*$/m.exec(log) ?? [];
    return status === undefined ? undefined : { status: Number(status) };
  }
  const [all, status, headers = ''] = refused;
  const [, retryAfter] = /^retry-after:\s*(.+)$/im.exec(headers) ?? [];
  const detail = detailIn(log.slice(refused.index + all.length));
  return {
    status: Number(status),
    ...(retryAfter === undefined ? {} : { retryAfter: retryAfter.trim() }),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** What an answer's body, a problem document, says. A used nonce is no reason: certbot asks again by itself. */
function detailIn(text: string): string | undefined {
  const [body = ''] = text.split(/^\d{4}-\d\d-\d\d \d\d:/m, 1);
  try {
    const document: unknown = JSON.parse(body);
    if (typeof document !== 'object' || document === null || !('detail' in document)) return undefined;
    const { detail } = document;
    const isNonce = 'type' in document && String(document.type).endsWith(':badNonce');
    return typeof detail === 'string' && !isNonce ? shortened(detail) : undefined;
  } catch {
    // Not every answer has one: a proxy in between answers with a page.
    return undefined;
  }
}

/** Some authorities write it into the message: `retry after 2026-11-25 10:54:04 UTC`. */
function retryTimeIn(text: string): string | undefined {
  const [, time] = /retry after (\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?: ?UTC|Z)?/i.exec(text) ?? [];
  return time === undefined ? undefined : `${time.replace(' ', 'T')}Z`;
}

/** Seconds or a date; undefined for what is neither. */
function waitOf(retryAfter: string | undefined, now: Date): { retryAfterMs?: number } {
  if (retryAfter === undefined) return {};
  const waitMs = /^\d+$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : new Date(retryAfter).getTime() - now.getTime();
  return Number.isFinite(waitMs) ? { retryAfterMs: Math.min(longestWaitMs, Math.max(0, waitMs)) } : {};
}

/** certbot's own sentence of what went wrong. */
function reasonIn(text: string): string | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const at = lines.findLastIndex((line) =>
    /An unexpected error occurred|^(?:Error|Unable|Could not|certbot: error)/i.test(line),
  );
  if (at < 0) return undefined;
  const line = /An unexpected error occurred:?$/i.test(lines[at] ?? '') ? lines[at + 1] : lines[at];
  return line === undefined || line === '' ? undefined : shortened(line);
}

function shortened(text: string): string {
  const line = text.trim();
  return line.length > maxText ? `${line.slice(0, maxText)} …` : line;
}
