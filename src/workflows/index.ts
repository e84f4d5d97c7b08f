/** Every workflow that the worker serves. The names are what the Web UI's start form asks for. */
export { autoscale } from './autoscale.ts';
export { backupDatabase } from './backup-database.ts';
export { checkBackup } from './check-backup.ts';
export { holdLock } from './hold-lock.ts';
export { installCertificate } from './install-certificate.ts';
export { listBackups } from './list-backups.ts';
export { listCertificates } from './list-certificates.ts';
export { listServices } from './list-services.ts';
export { renewCertificate } from './renew-certificate.ts';
export { rebalanceProxy } from './rebalance-proxy.ts';
export { resizeService } from './resize-service.ts';
export { restartService } from './restart-service.ts';
export { restoreDatabase } from './restore-database.ts';
export { scaleService } from './scale-service.ts';
export { sweepLeftovers } from './sweep-leftovers.ts';
