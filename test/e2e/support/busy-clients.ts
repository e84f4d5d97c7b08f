import type { Client } from 'pg';

/** One write that was answered: by which database, and when. */
export interface Answer {
  atMs: number;
  which: string;
  n: number;
}

export interface BusyClients {
  /** Resolves when every client had an answer from `which`. */
  heardFrom(which: string): Promise<void>;
  /** Stops them; the answers of each, in order. */
  stop(): Promise<Answer[][]>;
}

/** Clients that write without a pause and connect again at once when they are cut off. */
export function busyClients(count: number, connect: () => Promise<Client>): BusyClients {
  let going = true;
  const answers: Answer[][] = [];
  const ended = Array.from({ length: count }, async (_, client) => {
    const mine: Answer[] = [];
    answers.push(mine);
    for (let n = 0; going;) {
      let connection: Client | undefined;
      try {
        connection = await connect();
        while (going) {
          n += 1;
          const { rows } = await connection.query<{ which: string }>(
            'insert into work (client, n) values ($1, $2) returning (select which from marker)',
            [client, n],
          );
          mine.push({ atMs: performance.now(), which: rows[0]?.which ?? 'none', n });
        }
      } catch {
        // Cut off: that is what the test is about.
      } finally {
        await connection?.end().catch(() => undefined);
      }
    }
  });
  return {
    heardFrom: async (which) => {
      const heard = (): boolean => answers.every((mine) => mine.some((answer) => answer.which === which));
      while (!heard()) {
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
      }
    },
    stop: async () => {
      going = false;
      await Promise.all(ended);
      return answers;
    },
  };
}

/** The longest time that a client waited for an answer, and whether its answers ever went back. */
export function longestGapMs(mine: readonly Answer[]): number {
  return Math.max(0, ...mine.slice(1).map(({ atMs }, index) => atMs - (mine[index]?.atMs ?? atMs)));
}

/** The databases in the order in which a client heard from them, repetitions left out. */
export function heardInOrder(mine: readonly Answer[]): string[] {
  return mine.map(({ which }) => which).filter((which, index, all) => which !== all[index - 1]);
}
