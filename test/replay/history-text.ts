import proto from '@temporalio/proto';
import { projectRoot } from '../../scripts/project.ts';

const { History } = proto.temporal.api.history.v1;
type History = proto.temporal.api.history.v1.IHistory;

/** A history as JSON text: bytes as base64, enums by name. Stack traces without the recording machine's paths. */
export function historyToText(history: History): string {
  const plain = History.toObject(History.fromObject(history), {
    longs: String,
    enums: String,
    bytes: String,
  });
  return `${JSON.stringify(plain).replaceAll(projectRoot, '.')}\n`;
}

/** The same history again. */
export function historyFromText(text: string): History {
  return History.fromObject(JSON.parse(text));
}
