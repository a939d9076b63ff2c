/** The order types that change which fields a message has; both spellings are in use. */

export const isPegBenchOrder = (orderType: string): boolean => orderType === "PEG BENCH" || orderType === "PEGBENCH";
export const isPegBestOrder = (orderType: string): boolean => orderType === "PEG BEST" || orderType === "PEGBEST";
export const isPegMidOrder = (orderType: string): boolean => orderType === "PEG MID" || orderType === "PEGMID";
