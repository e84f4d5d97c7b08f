import { autoscaleProcedure } from './autoscale.ts';
import { backupDatabaseProcedure } from './backup-database.ts';
import { checkBackupProcedure } from './check-backup.ts';
import type { ProcedureDefinition } from './definition.ts';
import { installCertificateProcedure } from './install-certificate.ts';
import { listBackupsProcedure } from './list-backups.ts';
import { listCertificatesProcedure } from './list-certificates.ts';
import { listServicesProcedure } from './list-services.ts';
import { renewCertificateProcedure } from './renew-certificate.ts';
import { rebalanceProxyProcedure } from './rebalance-proxy.ts';
import { resizeServiceProcedure } from './resize-service.ts';
import { restartServiceProcedure } from './restart-service.ts';
import { restoreDatabaseProcedure } from './restore-database.ts';
import { scaleServiceProcedure } from './scale-service.ts';
import { sweepLeftoversProcedure } from './sweep-leftovers.ts';

/** Every procedure there is, in the order in which lists show them. */
export const procedures: readonly ProcedureDefinition[] = [
  backupDatabaseProcedure,
  restoreDatabaseProcedure,
  checkBackupProcedure,
  listBackupsProcedure,
  renewCertificateProcedure,
  installCertificateProcedure,
  listCertificatesProcedure,
  listServicesProcedure,
  restartServiceProcedure,
  scaleServiceProcedure,
  resizeServiceProcedure,
  autoscaleProcedure,
  rebalanceProxyProcedure,
  sweepLeftoversProcedure,
];
