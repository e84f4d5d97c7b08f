import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** By these the Web UI's list of runs can be filtered. Safe to import in workflows. */
export const searchAttributes = {
  Stack: defineSearchAttributeKey('Stack', SearchAttributeType.KEYWORD),
  Procedure: defineSearchAttributeKey('Procedure', SearchAttributeType.KEYWORD),
  Severity: defineSearchAttributeKey('Severity', SearchAttributeType.KEYWORD),
  Phase: defineSearchAttributeKey('Phase', SearchAttributeType.KEYWORD),
};

export const searchAttributeNames = Object.keys(searchAttributes);
