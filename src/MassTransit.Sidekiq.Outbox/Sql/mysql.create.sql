CREATE TABLE `InboxState` (
    `Id` bigint NOT NULL AUTO_INCREMENT,
    `MessageId` char(36) COLLATE ascii_general_ci NOT NULL,
    `ConsumerId` char(36) COLLATE ascii_general_ci NOT NULL,
    `LockId` char(36) COLLATE ascii_general_ci NOT NULL,
    `RowVersion` timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    `Received` datetime(6) NOT NULL,
    `ReceiveCount` int NOT NULL,
    `ExpirationTime` datetime(6),
    `Consumed` datetime(6),
    `Delivered` datetime(6),
    `LastSequenceNumber` bigint,
    CONSTRAINT `PK_InboxState` PRIMARY KEY (`Id`),
    CONSTRAINT `AK_InboxState_MessageId_ConsumerId` UNIQUE (`MessageId`, `ConsumerId`)
);

CREATE TABLE `OutboxFault` (
    `Id` bigint NOT NULL AUTO_INCREMENT,
    `MessageId` char(36) COLLATE ascii_general_ci NOT NULL,
    `MessageType` longtext NOT NULL,
    `DestinationAddress` longtext,
    `Attempts` int NOT NULL,
    `FaultedAt` datetime(6) NOT NULL,
    `ErrorType` longtext NOT NULL,
    `Error` longtext NOT NULL,
    `Message` longtext NOT NULL,
    CONSTRAINT `PK_OutboxFault` PRIMARY KEY (`Id`)
);

CREATE TABLE `OutboxLedger` (
    `Jid` varchar(64) NOT NULL,
    `MessageId` char(36) COLLATE ascii_general_ci NOT NULL,
    `Queue` longtext NOT NULL,
    `Job` longtext NOT NULL,
    `SentAt` datetime(6) NOT NULL,
    `Due` datetime(6),
    `NextLook` datetime(6),
    `Missed` datetime(6),
    `PushedAgain` int NOT NULL,
    `Epoch` longtext NOT NULL,
    `DiedAt` datetime(6),
    CONSTRAINT `PK_OutboxLedger` PRIMARY KEY (`Jid`)
);

CREATE TABLE `OutboxState` (
    `OutboxId` char(36) COLLATE ascii_general_ci NOT NULL,
    `LockId` char(36) COLLATE ascii_general_ci NOT NULL,
    `RowVersion` timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    `Created` datetime(6) NOT NULL,
    `Delivered` datetime(6),
    `LastSequenceNumber` bigint,
    CONSTRAINT `PK_OutboxState` PRIMARY KEY (`OutboxId`)
);

CREATE TABLE `OutboxMessage` (
    `SequenceNumber` bigint NOT NULL AUTO_INCREMENT,
    `EnqueueTime` datetime(6),
    `SentTime` datetime(6) NOT NULL,
    `Headers` longtext,
    `Properties` longtext,
    `InboxMessageId` char(36) COLLATE ascii_general_ci,
    `InboxConsumerId` char(36) COLLATE ascii_general_ci,
    `OutboxId` char(36) COLLATE ascii_general_ci,
    `MessageId` char(36) COLLATE ascii_general_ci NOT NULL,
    `ContentType` varchar(256) NOT NULL,
    `MessageType` longtext NOT NULL,
    `Body` longtext NOT NULL,
    `ConversationId` char(36) COLLATE ascii_general_ci,
    `CorrelationId` char(36) COLLATE ascii_general_ci,
    `InitiatorId` char(36) COLLATE ascii_general_ci,
    `RequestId` char(36) COLLATE ascii_general_ci,
    `SourceAddress` varchar(256),
    `DestinationAddress` varchar(256),
    `ResponseAddress` varchar(256),
    `FaultAddress` varchar(256),
    `ExpirationTime` datetime(6),
    CONSTRAINT `PK_OutboxMessage` PRIMARY KEY (`SequenceNumber`),
    CONSTRAINT `FK_OutboxMessage_InboxState_InboxMessageId_InboxConsumerId` FOREIGN KEY (`InboxMessageId`, `InboxConsumerId`) REFERENCES `InboxState` (`MessageId`, `ConsumerId`),
    CONSTRAINT `FK_OutboxMessage_OutboxState_OutboxId` FOREIGN KEY (`OutboxId`) REFERENCES `OutboxState` (`OutboxId`)
);

CREATE INDEX `IX_InboxState_Delivered` ON `InboxState` (`Delivered`);

CREATE INDEX `IX_OutboxFault_FaultedAt` ON `OutboxFault` (`FaultedAt`);

CREATE INDEX `IX_OutboxLedger_NextLook` ON `OutboxLedger` (`NextLook`);

CREATE INDEX `IX_OutboxMessage_EnqueueTime` ON `OutboxMessage` (`EnqueueTime`);

CREATE INDEX `IX_OutboxMessage_ExpirationTime` ON `OutboxMessage` (`ExpirationTime`);

CREATE UNIQUE INDEX `IX_OutboxMessage_InboxMessageId_InboxConsumerId_SequenceNumber` ON `OutboxMessage` (`InboxMessageId`, `InboxConsumerId`, `SequenceNumber`);

CREATE UNIQUE INDEX `IX_OutboxMessage_OutboxId_SequenceNumber` ON `OutboxMessage` (`OutboxId`, `SequenceNumber`);

CREATE INDEX `IX_OutboxState_Created` ON `OutboxState` (`Created`);
