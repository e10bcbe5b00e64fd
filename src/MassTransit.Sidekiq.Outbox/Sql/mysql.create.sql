CREATE TABLE `InboxState` (
    `Id` bigint NOT NULL AUTO_INCREMENT,
    `MessageId` char(36) NOT NULL,
    `ConsumerId` char(36) NOT NULL,
    `LockId` char(36) NOT NULL,
    `RowVersion` longblob NULL,
    `Received` datetime(6) NOT NULL,
    `ReceiveCount` int NOT NULL,
    `ExpirationTime` datetime(6) NULL,
    `Consumed` datetime(6) NULL,
    `Delivered` datetime(6) NULL,
    `LastSequenceNumber` bigint NULL,
    PRIMARY KEY (`Id`),
    CONSTRAINT `AK_InboxState_MessageId_ConsumerId` UNIQUE (`MessageId`, `ConsumerId`)
);

CREATE TABLE `OutboxFault` (
    `Id` bigint NOT NULL AUTO_INCREMENT,
    `MessageId` char(36) NOT NULL,
    `MessageType` longtext NOT NULL,
    `DestinationAddress` longtext NULL,
    `Attempts` int NOT NULL,
    `FaultedAt` datetime(6) NOT NULL,
    `ErrorType` longtext NOT NULL,
    `Error` longtext NOT NULL,
    `Message` longtext NOT NULL,
    PRIMARY KEY (`Id`)
);

CREATE TABLE `OutboxLedger` (
    `Jid` varchar(64) NOT NULL,
    `MessageId` char(36) NOT NULL,
    `Queue` longtext NOT NULL,
    `Job` longtext NOT NULL,
    `SentAt` datetime(6) NOT NULL,
    `Due` datetime(6) NULL,
    `NextLook` datetime(6) NULL,
    `Missed` datetime(6) NULL,
    `PushedAgain` int NOT NULL,
    `Epoch` longtext NOT NULL,
    `DiedAt` datetime(6) NULL,
    PRIMARY KEY (`Jid`)
);

CREATE TABLE `OutboxState` (
    `OutboxId` char(36) NOT NULL,
    `LockId` char(36) NOT NULL,
    `RowVersion` longblob NULL,
    `Created` datetime(6) NOT NULL,
    `Delivered` datetime(6) NULL,
    `LastSequenceNumber` bigint NULL,
    PRIMARY KEY (`OutboxId`)
);

CREATE TABLE `OutboxMessage` (
    `SequenceNumber` bigint NOT NULL AUTO_INCREMENT,
    `EnqueueTime` datetime(6) NULL,
    `SentTime` datetime(6) NOT NULL,
    `Headers` longtext NULL,
    `Properties` longtext NULL,
    `InboxMessageId` char(36) NULL,
    `InboxConsumerId` char(36) NULL,
    `OutboxId` char(36) NULL,
    `MessageId` char(36) NOT NULL,
    `ContentType` varchar(256) NOT NULL,
    `MessageType` longtext NOT NULL,
    `Body` longtext NOT NULL,
    `ConversationId` char(36) NULL,
    `CorrelationId` char(36) NULL,
    `InitiatorId` char(36) NULL,
    `RequestId` char(36) NULL,
    `SourceAddress` varchar(256) NULL,
    `DestinationAddress` varchar(256) NULL,
    `ResponseAddress` varchar(256) NULL,
    `FaultAddress` varchar(256) NULL,
    `ExpirationTime` datetime(6) NULL,
    PRIMARY KEY (`SequenceNumber`),
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
