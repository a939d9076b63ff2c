/** Empty answers to what this gateway does not offer: 19, 67, 77, 78, 80, 82, 85. */
import { whole } from "../fields.ts";

const NOTHING_TO_SCAN =
  '<?xml version="1.0" encoding="UTF-8"?><ScanParameterResponse><InstrumentList/><LocationTree/><ScanTypeList/></ScanParameterResponse>';

export const scannerParameters = (): readonly string[] => ["19", "1", NOTHING_TO_SCAN];
export const displayGroups = (reqId: number): readonly string[] => ["67", "1", whole(reqId), ""];
export const softDollarTiers = (reqId: number): readonly string[] => ["77", whole(reqId), "0"];
export const familyCodes = (): readonly string[] => ["78", "0"];
export const marketDepthExchanges = (): readonly string[] => ["80", "0"];
export const smartComponents = (reqId: number): readonly string[] => ["82", whole(reqId), "0"];
export const newsProviders = (): readonly string[] => ["85", "0"];
