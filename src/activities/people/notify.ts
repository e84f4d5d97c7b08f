import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { problem } from '../../problem.ts';
import type { Notice } from '../contract/runs.ts';
import type { Setting } from '../setting.ts';

const webhookTimeoutMs = 10_000;

/**
 * Tells the contact at the notice's step of the escalation policy, by every channel of theirs. Every notice goes to
 * the notices file too. Returns whom it told; nobody when the policy has no such step.
 * Throws Unreachable when a webhook does not take it.
 */
export async function notifyContact(setting: Setting, notice: Notice): Promise<string[]> {
  const { stack, stateDirectory } = setting;
  const step = stack.escalation.steps[notice.step];
  const contact = stack.contacts.find(({ name }) => name === step?.contact);
  const told = contact === undefined ? [] : [contact.name];
  await mkdir(stateDirectory, { recursive: true });
  const line = JSON.stringify({ at: new Date().toISOString(), stack: stack.stack, told, ...notice });
  await appendFile(join(stateDirectory, 'notices.jsonl'), `${line}\n`, { mode: 0o600 });
  for (const channel of contact?.notify ?? []) {
    if ('webhook' in channel) await post(await setting.secret(channel.webhook), contact?.name ?? '', notice);
  }
  return told;
}

/** The body that Slack, Mattermost and most others take: `{text}`. */
async function post(url: string, name: string, { severity, title, text }: Notice): Promise<void> {
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: `[${severity}] ${title}\n${text}` }),
      headersTimeout: webhookTimeoutMs,
      signal: AbortSignal.timeout(webhookTimeoutMs),
    });
    await body.dump();
    if (statusCode < 300) return;
    throw new Error(`it answered ${statusCode}`);
  } catch (error) {
    // The address itself is a secret.
    const why = error instanceof Error ? error.message.replaceAll(url, 'the webhook') : 'no answer';
    throw problem('Unreachable', { what: `The webhook of ${name} did not take the notice: ${why}.` });
  }
}
