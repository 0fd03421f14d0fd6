/** @file Why a whole file cannot be imported. A fault of one row is a rejected row instead. */
import { ZkvaultError } from '@zkvault/crypto-core';

/** Every reason for refusing a file. */
export const importErrorCodes: Readonly<Record<ImportErrorCode, string>> = {
  'file-too-large': 'the file is larger than 50 MiB',
  'not-json': 'the file is not JSON',
  'wrong-format': 'the file is not of the format that was named',
  'encrypted-export': 'the export is encrypted: export again from Bitwarden with the format ".json"',
};

/** A stable name for what is wrong with a file. */
export type ImportErrorCode = 'file-too-large' | 'not-json' | 'wrong-format' | 'encrypted-export';

/** The file cannot be imported at all. The message never holds anything from the file. */
export class ImportError extends ZkvaultError {
  override readonly name: string = 'ImportError';
  declare readonly code: ImportErrorCode;

  /** @param detail what was expected, if the code's own sentence does not say it. */
  constructor(code: ImportErrorCode, detail?: string) {
    super(code, detail === undefined ? importErrorCodes[code] : `${importErrorCodes[code]}: ${detail}`);
  }
}
