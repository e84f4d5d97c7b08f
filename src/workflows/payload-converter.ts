import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';

const utf8 = new TextEncoder();

/**
 * Reads whatever anybody sends to a workflow. The default one throws on what is not the JSON that it says it is, and
 * then the workflow's task fails for ever: one mistyped signal would stop a restore in the middle. Here it becomes
 * text, which the check of the input or of the answer refuses in words.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload(payload) {
    try {
      return defaultPayloadConverter.fromPayload(payload);
    } catch {
      return defaultPayloadConverter.fromPayload(asJson(payload));
    }
  },
};

/** JSON under another name is read as JSON; all else is a text. */
function asJson({ data }: Payload): Payload {
  const text = new TextDecoder().decode(data ?? new Uint8Array());
  return {
    metadata: { encoding: utf8.encode('json/plain') },
    data: utf8.encode(isJson(text) ? text : JSON.stringify(text)),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
