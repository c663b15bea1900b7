/** Usage, as a share of the limit, from which the level is elevated: a run without a target of its own ends here. */
export const ELEVATED_RATIO = 0.7;
/** Usage above which the level is critical. */
export const CRITICAL_RATIO = 0.85;
