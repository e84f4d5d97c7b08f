import type { ProxyActivities } from '../contract/proxy.ts';
import { roleOf } from '../docker/roles.ts';
import type { Setting } from '../setting.ts';
import { untilReached } from './reached.ts';
import { reloadNginx } from './reload.ts';
import {
  obstaclesTo,
  presentProxy,
  runningProxy,
  steerTo,
  tellProxy,
  toldLines,
  untellProxy,
  upstreamFor,
} from './steer.ts';

/** The activities on nginx: whom it asks, and that it does. */
export function createProxyActivities(setting: Setting): ProxyActivities {
  return {
    async lookAtProxy({ service }) {
      const proxy = await presentProxy(setting);
      const upstream = await upstreamFor(setting, proxy, roleOf(setting, service));
      return {
        container: proxy.name,
        names: upstream.names,
        unsteerable: await obstaclesTo(setting, proxy, upstream),
        told: (await toldLines(setting, proxy)).map(({ address }) => address),
      };
    },

    async steerProxy({ service, ids }) {
      return steerTo(setting, await presentProxy(setting), roleOf(setting, service), ids);
    },

    async pinProxy({ service, ids }) {
      const addresses = await tellProxy(setting, await presentProxy(setting), roleOf(setting, service), ids);
      return { addresses };
    },

    async freeProxy({ reload }) {
      const proxy = await runningProxy(setting);
      // One that does not run resolves anew when it is started.
      if (proxy === undefined) return { reloaded: false };
      await untellProxy(setting, proxy);
      if (reload) await reloadNginx(setting, proxy.id);
      return { reloaded: reload };
    },

    async awaitReached({ service, ids }) {
      return untilReached(setting, await presentProxy(setting), roleOf(setting, service), ids);
    },
  };
}
